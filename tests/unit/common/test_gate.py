"""What passes the gate: no more than the provider allows, nothing while it fails, nothing billed twice."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from common.account import Account, accounting
from common.breaker import Rules
from common.buckets import Seen
from common.errors import PipelineError
from common.gate import Gate, Need, Patience
from common.metrics import metrics_on
from common.model import Work
from common.pausing import pausing
from common.providers import Asked
from prometheus_client import CollectorRegistry
from provider_errors import broken, refusal
from waiting import until

QUICK = Rules(outage=0.05, denied=0.05, longest=0.1)
NEED = Need(usd=0.01, tokens=100)
DOWN = broken(httpx2.ConnectError("refused"))


@dataclass
class Notebook:
    """A limiter that lets everybody through, and notes what it is told."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    local: bool = False

    async def take(self, tenant: str, units: float) -> float:
        self.told.append(("take", tenant, units))
        return self.waits.pop(0) if self.waits else 0.0

    async def give_back(self, tenant: str, requests: float, units: float) -> None:
        self.told.append(("give back", tenant, requests, units))

    async def observe(self, seen: Seen) -> None:
        self.told.append(("observe", seen))

    async def pause(self, seconds: float) -> None:
        self.told.append(("pause", seconds))


@dataclass
class Provider:
    """Answers as the script says, and with ``ok`` when it is at its end."""

    script: list[Exception | Callable[[Asked], Any]] = field(default_factory=list)
    asked: int = 0
    down: Exception | None = None

    async def __call__(self, asked: Asked) -> str:
        self.asked += 1
        if self.down:
            raise self.down
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        if step:
            await step(asked)
        return "ok"


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture(autouse=True)
def account(registry: CollectorRegistry) -> Iterator[Account]:
    account = Account("analyze", metrics_on(registry).providers, {})
    account.tenant_id = "acme"
    with accounting(account):
        yield account


def gate(limiter: Notebook | None = None, *, hold: float = 5.0, rules: Rules = QUICK) -> Gate:
    return Gate("openai", "gpt-6-luna", limiter, Patience(hold=hold, rules=rules, chance=lambda: 0.0))


async def test_a_busy_provider_is_asked_again_after_everybody_has_paused(notebook: Notebook) -> None:
    """429 is no failure: the pause is told to all, capped where the provider exaggerates."""
    provider = Provider([refusal(429, after="7"), refusal(429, after="1e9")])

    assert await gate(notebook).ask("asking", NEED, provider) == "ok"

    pauses = [told[1] for told in notebook.told if told[0] == "pause"]
    assert (3, [7.0, 120.0]) == (provider.asked, pauses)


async def test_429_never_opens_the_breaker(notebook: Notebook) -> None:
    """However many there are of them."""
    ours, provider = gate(notebook), Provider([refusal(429, after="0") for _ in range(50)])

    await ours.ask("asking", NEED, provider)

    assert (51, "closed") == (provider.asked, ours.state)


async def test_who_is_held_too_long_is_let_go_with_a_delay(notebook: Notebook) -> None:
    """Not asked, so nothing was paid; the message comes back when it may be."""
    notebook.waits = [90.0]
    provider = Provider()

    with pytest.raises(PipelineError) as error:
        await gate(notebook, hold=1).ask("asking", NEED, provider)

    told = (error.value.reason, getattr(error.value, "retry_after", None))
    assert (("provider_busy", 90.0), 0) == (told, provider.asked)


@pytest.mark.parametrize(
    "error",
    [broken(httpx2.ReadTimeout("silence")), broken(httpx2.ReadError("reset")), refusal(500), refusal(502)],
    ids=["timeout", "reset", "500", "502"],
)
async def test_what_may_have_been_billed_is_not_asked_again(error: Exception) -> None:
    """Nobody knows what became of the request."""
    provider = Provider([error])

    with pytest.raises(PipelineError, match="asking"):
        await gate().ask("asking", NEED, provider)

    assert 1 == provider.asked


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (refusal(503, after="0"), "outage"),
        (refusal(401), "denied"),
        (refusal(403), "denied"),
        (refusal(404), "denied"),
        (refusal(429, code="insufficient_quota"), "quota"),
    ],
    ids=["503", "wrong key", "forbidden", "no such model", "quota"],
)
async def test_what_was_not_taken_is_asked_again_when_the_provider_is_back(
    error: Exception, cause: str
) -> None:
    """One request at a time tries; all that waited are answered."""
    ours, provider = gate(), Provider(down=error)
    waiting = [asyncio.create_task(ours.ask("asking", NEED, provider)) for _ in range(6)]

    async def probed() -> bool:
        return provider.asked > 8 and ours.cause == cause

    await until(probed, 5, what="probes of a provider that is down")
    provider.down = None

    assert ["ok"] * 6 == await asyncio.gather(*waiting)
    assert ("closed", None) == (ours.state, ours.cause)


async def test_who_stands_behind_others_is_let_go_as_well(notebook: Notebook) -> None:
    """The first in the line waits for its turn until its time is up; so do those behind it."""
    notebook.waits = [0.01] * 1000
    ours, provider = gate(notebook, hold=0.1), Provider()

    ended = await asyncio.gather(
        *(ours.ask("asking", NEED, provider) for _ in range(3)), return_exceptions=True
    )

    assert ["provider_busy"] * 3 == [getattr(error, "reason", None) for error in ended]
    assert 0 == provider.asked


async def test_a_cancelled_probe_leaves_its_turn_to_the_next() -> None:
    """A stop in mid-request must not leave everybody waiting for its outcome."""
    entered, ours = asyncio.Event(), gate()

    async def hang(_asked: Asked) -> None:
        entered.set()
        await asyncio.Event().wait()

    provider = Provider([refusal(401), hang])
    task = asyncio.create_task(ours.ask("asking", NEED, provider))
    await asyncio.wait_for(entered.wait(), 5)
    task.cancel()
    await asyncio.wait([task])

    assert await ours.ask("asking", NEED, provider) == "ok"


async def test_the_tenant_takes_the_most_it_may_need_and_gets_the_rest_back(notebook: Notebook) -> None:
    """Reserved are the text's bytes and the longest answer; the usage is known afterwards."""

    async def answer(asked: Asked) -> None:
        asked.headers = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-tokens": "7"}
        asked.paid(Work(provider="openai", model="gpt-6-luna", input_tokens=20, output_tokens=5))

    await gate(notebook).ask("asking", NEED, Provider([answer]))

    assert [
        ("take", "acme", 100),
        ("observe", Seen(limit_requests=500, remaining_units=7)),
        ("give back", "acme", 0, 75),
    ] == notebook.told


async def test_nonsense_in_the_headers_is_no_limit(notebook: Notebook) -> None:
    """A proxy may write anything there."""

    async def answer(asked: Asked) -> None:
        asked.headers = {"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-tokens": "1e999"}

    await gate(notebook).ask("asking", NEED, Provider([answer]))

    assert [("take", "acme", 100)] == notebook.told


async def test_how_long_requests_were_held_is_observed(registry: CollectorRegistry) -> None:
    """Whether they waited or not."""
    await gate().ask("asking", NEED, Provider())

    labels = {"stage": "analyze", "model": "gpt-6-luna"}
    assert 1.0 == registry.get_sample_value("provider_limiter_wait_seconds_count", labels)


@dataclass
class Queue:
    """Notes whether it is received from."""

    notes: list[tuple[str, ...]] = field(default_factory=list)

    def pause(self, *queues: str) -> None:
        self.notes.append(("pause", *queues))

    def resume(self, *queues: str) -> None:
        self.notes.append(("resume", *queues))


async def test_a_stage_receives_nothing_while_its_provider_rests(registry: CollectorRegistry) -> None:
    """Until what it holds has come through; with nothing in hand it receives a probe after the rest."""
    queue, metrics = Queue(), metrics_on(registry).providers
    ours, provider = gate(hold=0, rules=Rules(denied=0.5)), Provider(down=refusal(401))

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"stage": "analyze", **labels})

    async def noted(times: int) -> bool:
        return len(queue.notes) >= times

    async with pausing(ours, queue, "analyze", metrics):
        with pytest.raises(PipelineError, match="the key or the model is refused"):
            await ours.ask("asking", NEED, provider)
        await until(lambda: noted(1), 5, what="paused")
        seen = sample("pipeline_paused", reason="denied"), sample("provider_breaker_state", model=ours.model)
        await until(lambda: noted(2), 5, what="resumed")

    assert [("pause", "analyze"), ("resume", "analyze")] == queue.notes
    assert (1.0, 2.0) == seen
    assert (0.0, 1.0) == (
        sample("pipeline_paused", reason="denied"),
        sample("pipeline_pauses_total", reason="denied"),
    )


async def test_limits_the_gate_is_not_told_of_are_none() -> None:
    """A gate without a limiter lets a hundred through, and a process alone says nothing of Redis."""
    ours, provider = gate(), Provider()

    await asyncio.gather(*(ours.ask("asking", NEED, provider) for _ in range(100)))

    assert (100, False) == (provider.asked, ours.counts_alone)
