"""Vectors are paid for once, and every USD is on record, wherever a worker dies."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from common.account import Account, accounting
from common.budget import Budget
from common.errors import PipelineError
from common.fair import Turns
from common.gate import Gate, Patience
from common.ledger import Ledger, Means
from common.limits import Limits
from common.metrics import metrics_on
from common.model import CallKey
from common.vectors import Embedded
from common.vectors.edge import Room
from common.vectors.openai import OpenAIEmbedder
from common.work import LEASE, Claims
from embedder.joining import JoinedEmbedder, joined
from embedder.remembered import RememberedVectors
from integration.provider import Desk, open_client, open_desk, vectors
from nouns import KEY
from openai import AsyncOpenAI
from prometheus_client import CollectorRegistry
from pymongo.errors import AutoReconnect
from waiting import until

TEXTS = [f"text {n}" for n in range(7)]
PRICE = 0.02 / 1_000_000
MODEL = "text-embedding-3-small"


class Counting(Desk):
    """Answers with a vector for each text, and counts a token for each; nobody while it is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        await self.open.wait()
        count = len(body["input"])
        usage = {"prompt_tokens": count, "total_tokens": count}
        return vectors(*([1.0, 2.0] for _ in range(count)), usage=usage).response()


class Life:
    """How many of its writes and reads a worker lives to see."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise AutoReconnect("the worker is dead")


class Mortal:
    """A collection as a worker sees it that dies after so many requests to the database."""

    def __init__(self, collection: Any, life: Life) -> None:
        self._collection = collection
        self._life = life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*args: Any, **options: Any) -> Any:
            self._life.spend()
            return await getattr(self._collection, name)(*args, **options)

        return call

    async def find(self, *args: Any) -> AsyncIterator[Any]:
        self._life.spend()
        async for row in self._collection.find(*args):
            yield row


class Scene:
    """Workers one after the other on one call, each a lease after the one before it."""

    def __init__(self, database: Any, client: AsyncOpenAI) -> None:
        self._database = database
        self._client = client
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    async def work(self, lives: int) -> Embedded | None:
        """What a worker makes of the call; None if it dies."""
        self.now += LEASE + timedelta(seconds=1)
        try:
            with accounting(self._account()):
                return await self._worker(Life(lives)).embed(KEY, TEXTS)
        except PipelineError:
            return None

    def _worker(self, life: Life) -> RememberedVectors:
        db = {name: Mortal(self._database[name], life) for name in ("work", "ledger", "budgets")}
        ledger = Ledger(db["ledger"], "embed", days=1, means=Means(now=self._clock))
        gate = Gate("openai", MODEL, patience=Patience(hold=0), ledger=ledger)
        embedder = OpenAIEmbedder(self._client, gate, 2)
        embedder.room = Room(2, 10_000)
        budget = Budget(db["budgets"], ledger, "embed", Limits(call=1.0), self._clock)
        return RememberedVectors(embedder, Claims(db["work"], days=1, now=self._clock), budget)

    def _clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def _account(self) -> Account:
        account = Account("embed", metrics_on(CollectorRegistry()).providers, {})
        account.key, account.tenant_id = KEY, KEY.tenant_id
        return account

    async def kept(self) -> int:
        """How many texts have their vector for good."""
        return int(await self._database["work"].count_documents({"result": {"$ne": None}}))

    async def rows(self) -> list[dict[str, Any]]:
        """The ledger."""
        return [row async for row in self._database["ledger"].find({})]


@pytest.fixture
async def desk() -> AsyncIterator[Counting]:
    counting = Counting()
    async with open_desk(counting):
        yield counting


@pytest.fixture
async def client(desk: Counting) -> AsyncIterator[AsyncOpenAI]:
    async with open_client(desk.url) as client:
        yield client


@pytest.fixture
def scene(database: Any, client: AsyncOpenAI) -> Scene:
    return Scene(database, client)


def texts_in(asked: list[dict[str, Any]]) -> list[str]:
    return [text for each in asked for text in each["input"]]


async def test_wherever_workers_die_nothing_that_was_kept_is_paid_for_again(scene: Scene, desk: Desk) -> None:
    """Each asks for less than the one before it had left, and the ledger names every request."""
    chance = random.Random(8)
    for _ in range(12):
        kept, before = await scene.kept(), len(desk.asked)
        await scene.work(chance.randint(0, 24))
        assert len(texts_in(desk.asked[before:])) <= len(TEXTS) - kept
    embedded = await scene.work(10_000)

    assert embedded
    assert (len(TEXTS), len(TEXTS)) == (len(embedded.vectors), await scene.kept())
    assert set(TEXTS) == set(texts_in(desk.asked))
    assert len(desk.asked) == len(await scene.rows())
    assert len(TEXTS) * PRICE == pytest.approx(embedded.work.cost_usd)


async def test_what_was_reserved_is_settled_to_what_was_spent(
    database: Any, scene: Scene, desk: Desk
) -> None:
    """A worker that dies leaves its reservation to the next one, who settles it to the ledger's sum."""
    assert await scene.work(12) is None
    assert await scene.work(10_000)

    (scope,) = [row async for row in database["budgets"].find({})]
    rows = await scene.rows()
    most = sum(row["at_most_usd"] if row.get("usd") is None else row["usd"] for row in rows)
    assert ({}, pytest.approx(most * 1_000_000, abs=1)) == (scope["open"], scope["committed"])


async def test_two_deliveries_at_once_pay_once(scene: Scene, desk: Desk) -> None:
    """One of them is told that another is at it, and comes back."""
    await asyncio.gather(scene.work(10_000), scene.work(10_000))
    assert await scene.work(10_000)

    assert sorted(TEXTS) == sorted(texts_in(desk.asked))


async def test_calls_in_flight_share_requests_and_each_has_its_own_sum(
    database: Any, client: AsyncOpenAI, desk: Counting
) -> None:
    """Of thirty small calls the first goes alone, the rest together; ledger and documents agree on each."""
    desk.open.clear()
    ledger = Ledger(database["ledger"], "embed", days=1)
    budget = Budget(database["budgets"], ledger, "embed", Limits(call=1.0))
    gate = Gate("openai", MODEL, patience=Patience(hold=0), ledger=ledger)
    keys = [KEY.model_copy(update={"call_id": f"c-{n}"}) for n in range(30)]
    async with joined(OpenAIEmbedder(client, gate, 2), Turns(4)) as together:
        remembered = RememberedVectors(together, Claims(database["work"], days=1), budget)
        calls = [asyncio.create_task(embedded_for(remembered, key)) for key in keys]
        await until(partial(all_gathered, together, len(keys)), 20, what="every call waits for an answer")
        desk.open.set()
        found = dict(zip(keys, await asyncio.gather(*calls), strict=True))

    assert [2, 58] == [len(each["input"]) for each in desk.asked]
    for key, each in found.items():
        spent = await ledger.of_call(key.tenant_id, key.call_id)
        assert 1 == spent.requests
        assert spent.usd == pytest.approx(each.work.cost_usd)
    assert 60 == sum(each.work.input_tokens for each in found.values())
    scopes = [row async for row in database["budgets"].find({})]
    assert (30, {()}) == (len(scopes), {tuple(scope["open"]) for scope in scopes})


async def embedded_for(remembered: RememberedVectors, key: CallKey) -> Embedded:
    account = Account("embed", metrics_on(CollectorRegistry()).providers, {})
    account.key, account.tenant_id = key, key.tenant_id
    with accounting(account):
        return await remembered.embed(key, [f"{key.call_id} says yes", f"{key.call_id} says no"])


async def all_gathered(together: JoinedEmbedder, count: int) -> bool:
    """One call's request is under way, and all others wait for it."""
    return sum(map(len, together._gathered.values())) == count - 1
