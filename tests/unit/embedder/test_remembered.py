"""What was embedded is remembered, text by text."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest
from common.errors import Claimed, Transient
from common.gate import Need
from common.model import CallKey, Work
from common.vectors import Embedded
from common.vectors.edge import Room
from common.work import LEASE, Claims
from door_fakes import FakeCollection
from embedder.remembered import RememberedVectors
from fakes import no_budget

CALL = CallKey(tenant_id="acme", call_id="c-42")
LARGEST = 16 * 1024 * 1024  # bytes of a MongoDB document
FEW = 3  # texts of one request
FIVE = ["one", "three", "fivefive", "seven77", "nine"]


class FakeEmbedder:
    """Vectors that tell texts apart; ``asked`` are the batches, the *n*-th ends as ``ends`` says."""

    def __init__(self) -> None:
        self.model = "model-a"
        self.asked: list[list[str]] = []
        self.ends: dict[int, BaseException] = {}
        self.price: float | None = 0.5
        self.dimensions: int | None = 3
        self.room = Room(FEW, 1000)

    def need(self, _texts: Sequence[str]) -> Need:
        return Need(usd=self.price)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        self.asked.append(list(texts))
        number = len(self.asked)
        await asyncio.sleep(0)
        if number in self.ends:
            raise self.ends.pop(number)
        vectors = tuple([len(text) / 3] * (self.dimensions or 3) for text in texts)
        work = Work(
            provider="test", model=self.model, cost_usd=self.price, requests=1, input_tokens=7 * len(texts)
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
        claims = Claims(FakeCollection(self.rows), days=1, now=lambda: self.time)
        return RememberedVectors(self.embedder, claims, no_budget())


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_redelivered_call_asks_nobody(desk: Desk) -> None:
    """Its vectors, and what they once took, are those of before; in another revision, too."""
    first = await desk.worker().embed(CALL, FIVE)
    desk.embedder.asked.clear()
    again = await desk.worker().embed(CALL, FIVE)
    redone = await desk.worker().embed(CALL.model_copy(update={"revision": 2}), FIVE)

    assert [] == desk.embedder.asked
    assert first == again == redone
    assert (1.0, 2, 35) == (first.work.cost_usd, first.work.requests, first.work.input_tokens)


async def test_each_text_has_its_vector_as_32_bit_floats(desk: Desk) -> None:
    """In the order of the texts, across batches; one that comes twice is asked for once."""
    embedded = await desk.worker().embed(CALL, [*FIVE, "x" * 30, "one"])

    expected = [len(text) / 3 for text in FIVE] + [10.0, 1.0]
    assert expected == pytest.approx([vector[0] for vector in embedded.vectors])
    assert [FIVE[:FEW], [*FIVE[FEW:], "x" * 30]] == desk.embedder.asked


async def test_a_changed_text_alone_is_paid_for(desk: Desk) -> None:
    """Its neighbours keep their vectors, wherever they now stand."""
    await desk.worker().embed(CALL, FIVE)
    desk.embedder.asked.clear()
    await desk.worker().embed(CALL, ["new", *reversed(FIVE)])

    assert [["new"]] == desk.embedder.asked


async def test_what_was_answered_before_a_failure_is_kept(desk: Desk) -> None:
    """Batches under way come to their end; the next delivery asks for the rest."""
    desk.embedder.ends = {1: Transient("busy", reason="provider_busy")}
    with pytest.raises(Transient, match="busy"):
        await desk.worker().embed(CALL, FIVE)
    desk.embedder.asked.clear()
    desk.time += timedelta(seconds=1)
    await desk.worker().embed(CALL, FIVE)

    assert [FIVE[:FEW]] == desk.embedder.asked


async def test_after_a_failure_no_batch_is_begun(desk: Desk) -> None:
    """Those that would only fail as well are not even tried."""
    desk.embedder.room = Room(1, 1000)
    desk.embedder.ends = {n: Transient("busy", reason="provider_busy") for n in range(1, 9)}
    with pytest.raises(Transient):
        await desk.worker().embed(CALL, [f"text {n}" for n in range(30)])

    assert 8 == len(desk.embedder.asked)


async def test_texts_that_another_worker_is_at_are_not_asked_for(desk: Desk) -> None:
    """Until its lease is over, as after a kill that left it no time to let go."""
    desk.embedder.ends = {1: Transient("busy")}
    with pytest.raises(Transient):
        await desk.worker().embed(CALL, FIVE[:FEW])
    held = {"$set": {"lease_until": desk.time + LEASE}}
    assert 1 == desk.rows.update_one({"result": None}, held).modified_count
    desk.embedder.asked.clear()

    with pytest.raises(Claimed):
        await desk.worker().embed(CALL, FIVE[:FEW])
    assert [] == desk.embedder.asked
    desk.time += LEASE + timedelta(seconds=1)
    await desk.worker().embed(CALL, FIVE[:FEW])
    assert [FIVE[:FEW]] == desk.embedder.asked


@pytest.mark.parametrize(
    ("call", "texts", "model", "dimensions"),
    [
        (CALL, ["one", "two"], "model-b", 3),
        (CALL, ["one", "two"], "model-a", 2),
        (CALL, ["onetwo"], "model-a", 3),
        (CallKey(tenant_id="other", call_id="c-42"), ["one", "two"], "model-a", 3),
    ],
    ids=["model", "dimensions", "borders", "tenant"],
)
async def test_anything_else_is_asked_anew(
    desk: Desk, call: CallKey, texts: list[str], model: str, dimensions: int
) -> None:
    """Another model, vectors of another size, other chunks, another tenant."""
    await desk.worker().embed(CALL, ["one", "two"])
    desk.embedder.model, desk.embedder.dimensions = model, dimensions
    await desk.worker().embed(call, texts)

    assert [["one", "two"], texts] == desk.embedder.asked


async def test_what_cannot_be_priced_is_not_summed(desk: Desk) -> None:
    """A price that is not known makes the sum unknown; nothing said costs nothing."""
    desk.embedder.price = None

    assert None is (await desk.worker().embed(CALL, FIVE)).work.cost_usd
    assert (0.0, 0) == ((nothing := (await desk.worker().embed(CALL, [])).work).cost_usd, nothing.requests)


async def test_the_largest_vector_fits_into_a_document(desk: Desk) -> None:
    """With much room to spare."""
    desk.embedder.dimensions = 4096
    await desk.worker().embed(CALL, FIVE[:1])

    assert len(str(desk.rows.find_one())) < LARGEST / 100
