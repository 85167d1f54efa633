"""What was embedded is remembered, batch by batch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest
from common.errors import Claimed
from common.gate import Need
from common.model import CallKey, Work
from common.vectors import MAX_INPUTS, Embedded
from common.work import LEASE, Claims
from embedder.remembered import RememberedVectors
from fakes import no_budget
from ingest_scene import FakeCollection

CALL = CallKey(tenant_id="acme", call_id="c-42")
LARGEST = 16 * 1024 * 1024  # bytes of a MongoDB document
MANY = [f"text {n}" for n in range(MAX_INPUTS + 1)]


class Killed(BaseException):
    """The process is gone."""


class FakeEmbedder:
    """Vectors that tell texts apart; ``asked`` are the batches, and ``killed`` happens within a request."""

    def __init__(self) -> None:
        self.model = "model-a"
        self.asked: list[list[str]] = []
        self.price: float | None = 0.5
        self.dimensions = 3
        self.killed: BaseException | None = None

    def need(self, _texts: list[str]) -> Need:
        return Need(usd=self.price)

    async def embed(self, texts: list[str]) -> Embedded:
        if len(self.asked) == 1 and self.killed:
            raise self.killed
        self.asked.append(list(texts))
        vectors = tuple([len(text) / 3] * self.dimensions for text in texts)
        work = Work(
            provider="test", model=self.model, cost_usd=self.price, requests=1, input_tokens=len(texts)
        )
        return Embedded(vectors, work)


class Desk:
    """A worker's view: the same collection, a clock that moves when told."""

    def __init__(self) -> None:
        database: Any = mongomock.MongoClient(tz_aware=True)["callstream"]
        self.rows = database["work"]
        self.embedder = FakeEmbedder()
        self.time = datetime.now(UTC).replace(microsecond=0)

    def worker(self) -> RememberedVectors:
        embedder: Any = self.embedder
        return RememberedVectors(
            embedder, Claims(FakeCollection(self.rows), days=1, now=lambda: self.time), no_budget()
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_redelivered_call_asks_nobody(desk: Desk) -> None:
    """Its vectors, and what they once took, are those of before; in another revision, too."""
    first = await desk.worker().embed(CALL, MANY)
    desk.embedder.asked.clear()
    again = await desk.worker().embed(CALL, MANY)
    redone = await desk.worker().embed(CALL.model_copy(update={"revision": 2}), MANY)

    assert [] == desk.embedder.asked
    assert first == again == redone
    assert (1.0, 2, MAX_INPUTS + 1) == (first.work.cost_usd, first.work.requests, first.work.input_tokens)


async def test_each_text_has_its_vector_as_32_bit_floats(desk: Desk) -> None:
    """In the order of the texts, across batches."""
    embedded = await desk.worker().embed(CALL, [*MANY, "x" * 30])

    assert [len(text) / 3 for text in MANY] == pytest.approx([vector[0] for vector in embedded.vectors[:-1]])
    assert [10.0, 10.0, 10.0] == list(embedded.vectors[-1])


async def test_who_is_killed_between_two_batches_leaves_the_second_to_be_asked(desk: Desk) -> None:
    """The first one's answer is kept before the second one is asked."""
    desk.embedder.killed = Killed()
    with pytest.raises(Killed):
        await desk.worker().embed(CALL, MANY)
    desk.embedder.killed = None
    desk.embedder.asked.clear()
    desk.time += timedelta(seconds=1)
    await desk.worker().embed(CALL, MANY)

    assert [MANY[MAX_INPUTS:]] == desk.embedder.asked


async def test_a_batch_that_another_worker_is_at_is_not_asked_for(desk: Desk) -> None:
    """Until its lease is over, as after a kill that left it no time to let go."""
    desk.embedder.killed = Killed()
    with pytest.raises(Killed):
        await desk.worker().embed(CALL, MANY)
    held = {"$set": {"lease_until": desk.time + LEASE}}
    assert 1 == desk.rows.update_one({"result": None}, held).modified_count
    desk.embedder.killed = None

    with pytest.raises(Claimed):
        await desk.worker().embed(CALL, MANY)
    desk.time += LEASE + timedelta(seconds=1)
    await desk.worker().embed(CALL, MANY)
    assert [MANY[:MAX_INPUTS], MANY[MAX_INPUTS:]] == desk.embedder.asked


@pytest.mark.parametrize(
    ("call", "texts", "model"),
    [
        (CALL, ["one", "two"], "model-b"),
        (CALL, ["onetwo"], "model-a"),
        (CALL, ["two", "one"], "model-a"),
        (CallKey(tenant_id="other", call_id="c-42"), ["one", "two"], "model-a"),
    ],
    ids=["model", "borders", "order", "tenant"],
)
async def test_anything_else_is_asked_anew(desk: Desk, call: CallKey, texts: list[str], model: str) -> None:
    """Another model, other chunks, another tenant."""
    await desk.worker().embed(CALL, ["one", "two"])
    desk.embedder.model = model
    await desk.worker().embed(call, texts)

    assert [["one", "two"], texts] == desk.embedder.asked


async def test_what_cannot_be_priced_is_not_summed(desk: Desk) -> None:
    """A price that is not known makes the sum unknown; nothing said costs nothing."""
    desk.embedder.price = None

    assert None is (await desk.worker().embed(CALL, MANY)).work.cost_usd
    assert (0.0, 0) == ((nothing := (await desk.worker().embed(CALL, [])).work).cost_usd, nothing.requests)


async def test_the_largest_batch_fits_into_a_document(desk: Desk) -> None:
    """With room to spare."""
    desk.embedder.dimensions = 4096
    await desk.worker().embed(CALL, MANY[:MAX_INPUTS])

    assert len(str(desk.rows.find_one())) < LARGEST / 4
