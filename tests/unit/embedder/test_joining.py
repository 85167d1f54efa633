"""Small calls share requests, each pays its part, and none suffers for another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from common.account import Account, accounting, current
from common.errors import Permanent, PipelineError, Transient
from common.fair import Turns
from common.gate import Need
from common.joint import JointAccount
from common.metrics import metrics_on
from common.model import CallKey, Work
from common.providers import Asked
from common.vectors import Embedded
from common.vectors.edge import Room
from embedder.joining import JoinedEmbedder, joined
from prometheus_client import CollectorRegistry

MODEL = "text-embedding-3-small"
BAD = "bad"


@dataclass
class SlowEmbedder:
    """Each request waits for ``go``; a ``BAD`` text is refused, and ``failure`` fails every request."""

    room: Room = field(default_factory=lambda: Room(8, 10_000))
    failure: PipelineError | None = None
    model: str = MODEL
    dimensions: int | None = 1
    asked: list[list[str]] = field(default_factory=list)
    tenants: list[set[str | None]] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def need(self, texts: Sequence[str]) -> Need:
        return Need(usd=0.0, tokens=len(texts))

    async def embed(self, texts: Sequence[str]) -> Embedded:
        self.asked.append(list(texts))
        account = current()
        parties = account.parties if isinstance(account, JointAccount) else []
        alone = account.tenant_id if account else None
        self.tenants.append({each.account.tenant_id for each in parties} or {alone})
        await self.go.wait()
        if self.failure:
            raise self.failure
        if BAD in texts:
            raise Permanent("refused", reason="provider_refused")
        tokens = sum(map(len, texts))
        work = Work(provider="openai", model=MODEL, cost_usd=tokens / 100, requests=1, input_tokens=tokens)
        Asked("embedding", "openai", MODEL).paid(work)
        return Embedded(tuple([float(len(text))] for text in texts), work)


class Scene:
    """Calls in flight over one slow provider."""

    def __init__(self) -> None:
        self.provider = SlowEmbedder()
        self.metrics = metrics_on(CollectorRegistry())

    def account(self, call: str, tenant: str = "acme") -> Account:
        account = Account("embed", self.metrics.providers, {})
        account.tenant_id, account.key = tenant, CallKey(tenant_id=tenant, call_id=call)
        return account

    async def embed(self, together: JoinedEmbedder, account: Account, *texts: str) -> Embedded:
        with accounting(account):
            return await together.embed(texts)

    @asynccontextmanager
    async def together(self, turns: int = 16) -> AsyncIterator[JoinedEmbedder]:
        async with joined(self.provider, Turns(turns)) as together:
            yield together


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def settled() -> None:
    """Let every task come to where it has to wait."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_gathers_during_a_request_goes_in_as_few_as_it_fits(scene: Scene) -> None:
    """Of 25 calls of one text the first goes alone, the others by eights: four requests, not 25."""
    async with scene.together() as together, asyncio.TaskGroup() as group:
        calls = [
            group.create_task(scene.embed(together, scene.account(f"c-{n}"), "x" * (n + 1)))
            for n in range(25)
        ]
        await settled()
        scene.provider.go.set()

    assert [1, 8, 8, 8] == [len(texts) for texts in scene.provider.asked]
    assert [[[float(n + 1)]] for n in range(25)] == [list(call.result().vectors) for call in calls]


async def test_each_call_pays_for_its_own_tokens(scene: Scene) -> None:
    """What the parts say adds up to the request, in the accounts and in the metrics, which count it once."""
    accounts = [scene.account(f"c-{n}") for n in range(4)]
    async with scene.together() as together, asyncio.TaskGroup() as group:
        calls = [
            group.create_task(scene.embed(together, account, "x" * (10 * n + 1)))
            for n, account in enumerate(accounts)
        ]
        await settled()
        scene.provider.go.set()

    assert [1, 11, 21, 31] == [account.input_tokens for account in accounts]
    assert [1, 11, 21, 31] == [call.result().work.input_tokens for call in calls]
    assert [0.01, 0.11, 0.21, 0.31] == pytest.approx([account.cost_usd for account in accounts])
    counted = scene.metrics.providers.tokens.labels("embed", MODEL, "input")._value.get()
    assert 64 == counted


async def test_no_request_holds_texts_of_two_tenants(scene: Scene) -> None:
    """Their calls gather apart, and neither waits for the other."""
    async with scene.together() as together, asyncio.TaskGroup() as group:
        for n in range(12):
            tenant = ("acme", "globex")[n % 2]
            group.create_task(scene.embed(together, scene.account(f"c-{n}", tenant), tenant))
        await settled()
        assert [["acme"], ["globex"]] == scene.provider.asked
        scene.provider.go.set()

    assert [1, 1, 1, 1] == [len(tenants) for tenants in scene.provider.tenants]
    assert [{"acme"}, {"globex"}] * 2 == [set(texts) for texts in scene.provider.asked]


async def test_one_bad_text_spoils_nobody_elses_call(scene: Scene) -> None:
    """A refused batch is asked for call by call: only the call whose text is refused fails."""
    texts = ["first", "good", BAD, "better"]
    async with scene.together() as together:
        calls = [
            asyncio.create_task(scene.embed(together, scene.account(f"c-{n}"), text))
            for n, text in enumerate(texts)
        ]
        await settled()
        scene.provider.go.set()
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert [Embedded, Embedded, Permanent, Embedded] == [type(each) for each in found]
    assert [["first"], ["good", BAD, "better"], ["good"], [BAD], ["better"]] == scene.provider.asked


async def test_a_failure_reaches_every_call_as_its_own(scene: Scene) -> None:
    """Each has its reason and its delay, and an exception that nobody else raises."""
    scene.provider.failure = Transient("busy", reason="provider_busy", retry_after=7)
    scene.provider.go.set()
    async with scene.together() as together:
        calls = [scene.embed(together, scene.account(f"c-{n}"), "x") for n in range(4)]
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert 4 == len({id(error) for error in found})
    assert {("provider_busy", 7)} == {
        (error.reason, error.retry_after) for error in found if isinstance(error, Transient)
    }


async def test_a_call_that_is_given_up_takes_no_other_along(scene: Scene) -> None:
    """What it shares a request with is answered; what it asked for alone is asked no longer."""
    async with scene.together() as together:
        calls = [
            asyncio.create_task(scene.embed(together, scene.account(f"c-{n}"), "x" * (n + 1)))
            for n in range(3)
        ]
        await settled()
        calls[0].cancel()
        calls[1].cancel()
        await settled()
        scene.provider.go.set()

        assert [[3.0]] == list((await calls[2]).vectors)
    assert [["x"], ["xxx"]] == scene.provider.asked


async def test_what_fills_a_request_does_not_wait(scene: Scene) -> None:
    """A model that takes one text at a time is asked for as many texts at once as there are turns."""
    scene.provider.room = Room(1, 10_000)
    async with scene.together(turns=3) as together, asyncio.TaskGroup() as group:
        for n in range(5):
            group.create_task(scene.embed(together, scene.account(f"c-{n}"), "x"))
        await settled()
        assert 3 == len(scene.provider.asked)
        scene.provider.go.set()

    assert [["x"]] * 5 == scene.provider.asked


async def test_a_stop_leaves_nothing_running(scene: Scene) -> None:
    """Whoever still waits is told that nothing will come."""
    async with scene.together() as together:
        call = asyncio.create_task(scene.embed(together, scene.account("c-1"), "x"))
        await settled()

    with pytest.raises(asyncio.CancelledError):
        await call
