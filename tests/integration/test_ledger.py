"""The ledger names every request to a provider, and says of each what became of it and what it cost."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from common.account import Account, accounting
from common.budget import Budget
from common.errors import PipelineError
from common.gate import Gate, Patience
from common.joint import JointAccount, Party
from common.ledger import Ledger, Means, Spent
from common.limits import Limits
from common.metrics import metrics_on
from common.model import Noun
from common.vectors import Embedder
from common.vectors.edge import MOST_INPUTS
from common.vectors.openai import OpenAIEmbedder
from common.work import Claims, WorkId
from embedder.remembered import RememberedVectors
from integration.provider import Desk, Reply, open_client, open_desk, refusal, vectors
from nouns import KEY
from prometheus_client import CollectorRegistry

NOW = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
WORK = WorkId(KEY, "embed", ("text-embedding-3-small", "digest"))
TEXTS = [f"text {n}" for n in range(MOST_INPUTS + 1)]
PAID = 1.4e-07  # USD of seven tokens


class Vectors(Desk):
    """As many vectors as texts, whichever request comes first."""

    async def answer(self, request: web.Request) -> web.Response:
        texts = (await request.json())["input"]
        return vectors(*([1.0] for _ in texts)).response()


class Count(Noun):
    """What is kept of an answer."""

    vectors: int


@pytest.fixture
async def ledger(database: Any) -> Ledger:
    ledger = Ledger(database["ledger"], "embed", days=400, means=Means(now=lambda: NOW))
    await ledger.prepare()
    return ledger


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as desk:
        yield desk


@pytest.fixture
async def embedder(desk: Desk, ledger: Ledger) -> AsyncIterator[Embedder]:
    async with open_client(desk.url) as client:
        gate = Gate("openai", "text-embedding-3-small", patience=Patience(hold=0), ledger=ledger)
        yield OpenAIEmbedder(client, gate, 1)


@pytest.fixture
def account() -> Account:
    account = Account("embed", metrics_on(CollectorRegistry()).providers, {})
    account.key, account.tenant_id = KEY, KEY.tenant_id
    return account


async def ask(embedder: Embedder) -> Count:
    """One request, for its own sake."""
    return Count(vectors=len((await embedder.embed(["one", "two"])).vectors))


async def the_row(database: Any) -> dict[str, Any]:
    """The only row there is."""
    (row,) = [row async for row in database["ledger"].find({})]
    assert isinstance(row, dict)
    return row


async def test_a_request_is_a_row(database: Any, desk: Desk, embedder: Embedder, account: Account) -> None:
    """Whose it is, under which claim, what was asked of whom, how it ended and what it cost."""
    desk.replies = [vectors([1.0], [2.0])]
    with accounting(account):
        await Claims(database["work"], days=1).once(WORK, Count, partial(ask, embedder))

    row = await the_row(database)
    assert row.pop("seconds") >= 0
    assert 32 == len(row.pop("_id"))
    assert row == {
        "stage": "embed",
        "tenant_id": "acme",
        "call_id": "c-42",
        "revision": 1,
        "work": WORK.digest,
        "fence": 1,
        "provider": "openai",
        "model": "text-embedding-3-small",
        "at_most_usd": 1.2e-07,
        "audio_seconds": 0.0,
        "input_tokens": 7,
        "output_tokens": 0,
        "day": "2026-11-22",
        "started_at": NOW,
        "settled_at": NOW,
        "expires_at": NOW + timedelta(days=400),
        "outcome": "ok",
        "usd": PAID,
    }


OUTCOMES = {
    "busy": (refusal(429), "throttled", 0.0),
    "no quota": (refusal(429, code="insufficient_quota"), "throttled", 0.0),
    "key refused": (refusal(401), "refused", 0.0),
    "bad request": (refusal(400), "refused", 0.0),
    "down": (refusal(500), "failed", 0.0),
    "of no use, yet paid": (vectors([1.0]), "failed", PAID),
    "garbage": (Reply("{{{"), "unknown", None),
}


@pytest.mark.parametrize(("reply", "outcome", "usd"), OUTCOMES.values(), ids=OUTCOMES.keys())
async def test_each_end_is_told(
    database: Any, desk: Desk, embedder: Embedder, reply: Reply, outcome: str, usd: float | None
) -> None:
    """An error's status is no bill; an answer that cannot be read may be one."""
    desk.replies = [reply]
    with pytest.raises(PipelineError):
        await ask(embedder)

    row = await the_row(database)
    assert (outcome, usd) == (row["outcome"], row["usd"])


async def test_what_is_given_up_may_have_been_billed(database: Any, ledger: Ledger) -> None:
    """A request that is cancelled or times out ends ``unknown``; its cost is what it is at most."""
    for failure in (asyncio.CancelledError, TimeoutError):
        with pytest.raises(failure):
            async with ledger.calling("openai", "gpt-transcribe", 0.25, 60):
                raise failure

    outcomes = [row["outcome"] async for row in database["ledger"].find({})]
    assert ["unknown", "unknown"] == outcomes


async def test_a_request_is_on_record_before_it_is_made(database: Any, ledger: Ledger) -> None:
    """Whoever dies now leaves a row that says ``started``."""
    async with ledger.calling("openai", "gpt-transcribe", 0.25, 60):
        assert "started" == (await the_row(database))["outcome"]
        assert {"embed": 1} == await ledger.unsettled(NOW, NOW + timedelta(seconds=1))

    assert {} == await ledger.unsettled(NOW, NOW + timedelta(seconds=1))


async def test_a_question_belongs_to_no_call(database: Any, ledger: Ledger, account: Account) -> None:
    """Its tenant pays for it all the same."""
    account.key = None
    with accounting(account):
        async with ledger.calling("openai", "text-embedding-3-small", 1e-6, 0):
            pass

    row = await the_row(database)
    assert ("acme", None, None) == (row["tenant_id"], row["call_id"], row["work"])


async def test_a_calls_rows_add_up(desk: Desk, embedder: Embedder, ledger: Ledger, account: Account) -> None:
    """What is known to be paid, and what may be besides."""
    desk.replies = [vectors([1.0], [2.0]), Reply("{{{")]
    with accounting(account):
        await ask(embedder)
        with pytest.raises(PipelineError):
            await ask(embedder)

    spent = await ledger.of_call("acme", "c-42")
    assert spent == Spent(requests=2, unknown=1, usd=PAID, at_most_usd=round(PAID + 1.2e-07, 9))
    assert spent == await ledger.since(KEY, "embed", NOW)
    assert Spent() == await ledger.since(KEY, "analyze", NOW)
    assert Spent() == await ledger.of_call("globex", "c-42")


async def test_a_documents_cost_is_the_sum_of_its_rows(
    database: Any, ledger: Ledger, account: Account
) -> None:
    """What a stage says it paid is what it paid, batch by batch; asking again adds nothing to either."""
    budget = Budget(database["budgets"], ledger, "embed", Limits(call=1.0), lambda: NOW)
    gate = Gate("openai", "text-embedding-3-small", patience=Patience(hold=0), ledger=ledger)
    async with open_desk(Vectors()) as desk, open_client(desk.url) as client:
        embedder = OpenAIEmbedder(client, gate, 1)
        remembered = RememberedVectors(embedder, Claims(database["work"], days=1), budget)
        with accounting(account):
            first, again = [await remembered.embed(KEY, TEXTS) for _ in range(2)]

    spent = await ledger.of_call("acme", "c-42")
    (scope,) = [row async for row in database["budgets"].find({})]
    assert (2, first.work) == (spent.requests, again.work)
    assert [2 * PAID] * 2 == pytest.approx([first.work.cost_usd, spent.usd])
    assert (1, {}) == (scope["committed"], scope["open"])


async def test_rows_end(database: Any, ledger: Ledger) -> None:
    """By themselves, after so many days."""
    indexes = await database["ledger"].index_information()

    assert [0] == [index["expireAfterSeconds"] for index in indexes.values() if "expireAfterSeconds" in index]


async def test_a_request_for_several_calls_is_a_row_for_each(
    database: Any, desk: Desk, embedder: Embedder, account: Account
) -> None:
    """Each with its part of what it cost at most and in the end; together they are the request."""
    desk.replies = [vectors([1.0], [2.0], usage={"prompt_tokens": 10, "total_tokens": 10})]
    other = Account("embed", account.metrics, {})
    other.key, other.tenant_id = KEY.model_copy(update={"call_id": "c-43"}), KEY.tenant_id
    with accounting(JointAccount([Party(account, 3), Party(other, 1)])):
        await embedder.embed(["one", "two"])

    rows = {row["call_id"]: row async for row in database["ledger"].find({})}
    ours, others = rows["c-42"], rows["c-43"]
    assert (7, 3) == (ours["input_tokens"], others["input_tokens"])
    assert (1.4e-07, 0.6e-07) == pytest.approx((ours["usd"], others["usd"]))
    assert (0.9e-07, 0.3e-07) == pytest.approx((ours["at_most_usd"], others["at_most_usd"]))
    assert 1 == len({row["request"] for row in rows.values()})
    assert (7, 3) == (account.input_tokens, other.input_tokens)
    counted = account.metrics.requests.labels("embed", "openai", "text-embedding-3-small", "ok")
    assert 1 == counted._value.get()
