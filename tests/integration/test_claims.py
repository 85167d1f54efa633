"""Claims under every interleaving of workers that begin, answer, stall and die."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

import pytest
from common.errors import Claimed, Permanent, PipelineError
from common.model import Noun
from common.work import LARGEST_RESULT, LEASE, Claims, WorkId, at_work
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nouns import KEY
from pymongo.errors import AutoReconnect

WORK = WorkId(KEY, "transcribe", ("etag", 0, 16_000))
WORKERS = 3
Event = Literal["begin", "answer", "fail", "renew", "die", "lapse"]
EVENTS: tuple[Event, ...] = ("begin", "answer", "fail", "renew", "die", "lapse")


class Said(Noun):
    """What a paid request returned: who said it, under which fence."""

    worker: int
    fence: int


class Line:
    """A worker's connection to the collection; nothing passes once it is cut."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.cut = False

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*args: Any, **options: Any) -> Any:
            if self.cut:
                raise AutoReconnect("the worker is dead")
            return await getattr(self._collection, name)(*args, **options)

        return call


class Worker:
    """One process that wants the work done; it answers when it is told to."""

    def __init__(self, number: int, collection: Any, clock: Callable[[], datetime]) -> None:
        self._number = number
        self._line = Line(collection)
        self._claims = Claims(self._line, days=1, now=clock)
        self._answers: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asks = asyncio.Event()
        self.fence = 0
        self.delivery = asyncio.ensure_future(self._claims.once(WORK, Said, self._do))

    async def _do(self) -> Said:
        claim = at_work()
        assert claim is not None
        self.fence = claim.fence
        self._asks.set()
        await self._answers
        return Said(worker=self._number, fence=self.fence)

    async def settle(self) -> None:
        """Wait until it is at work, or its delivery is over."""
        asks = asyncio.ensure_future(self._asks.wait())
        await asyncio.wait([asks, self.delivery], return_when=asyncio.FIRST_COMPLETED)
        asks.cancel()

    async def answer(self, failure: PipelineError | None) -> None:
        """The provider answers, or refuses."""
        if failure:
            self._answers.set_exception(failure)
        else:
            self._answers.set_result(None)
        await asyncio.wait([self.delivery])

    async def renew(self) -> None:
        """Its heartbeat, which real time drives otherwise."""
        await self._claims._lease(WORK, self.fence, LEASE)

    async def die(self) -> None:
        """Nothing of what it does from now on arrives."""
        self._line.cut = True
        self.delivery.cancel()
        await asyncio.wait([self.delivery])


class Scene:
    """Workers on one piece of work, a clock, and what must hold after each event."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._now = datetime(2026, 11, 22, tzinfo=UTC)
        self._workers: dict[int, Worker] = {}
        self._returned: list[Said] = []
        self._fence = 0
        self._kept: dict[str, Any] | None = None

    async def happens(self, event: Event, number: int) -> None:
        """One event in the life of one worker."""
        if event == "lapse":
            self._now += LEASE + timedelta(seconds=1)
        elif number not in self._workers:
            if event == "begin":
                await self._begin(number)
        elif event != "begin":
            await self._goes_on(event, number)
        await self._check()

    async def _begin(self, number: int) -> None:
        worker = Worker(number, self._collection, lambda: self._now)
        await worker.settle()
        if worker.delivery.done():
            self._ended(worker)
        else:
            self._workers[number] = worker

    async def _goes_on(self, event: Event, number: int) -> None:
        if event == "renew":
            await self._workers[number].renew()
            return
        worker = self._workers.pop(number)
        if event == "die":
            await worker.die()
        else:
            await worker.answer(Permanent("refused") if event == "fail" else None)
            self._ended(worker)

    def _ended(self, worker: Worker) -> None:
        failure = worker.delivery.exception()
        assert failure is None or isinstance(failure, PipelineError)
        if failure is None:
            self._returned.append(worker.delivery.result())

    async def _check(self) -> None:
        row = await self._collection.find_one({"_id": WORK.digest})
        if row is None:
            return
        assert row["fence"] >= self._fence, "a fence never shrinks"
        assert self._kept in (None, row["result"]), "what is kept stays"
        if row["result"] and not self._kept:
            assert row["fence"] == row["result"]["fence"], "only the newest claim keeps"
        self._fence, self._kept = row["fence"], row["result"]
        assert all(each.model_dump() == self._kept for each in self._returned), "what is kept is told"

    async def ends(self) -> Said:
        """Everybody dies; whoever comes last gets it done all the same."""
        for worker in self._workers.values():
            await worker.die()
        self._now += LEASE + timedelta(seconds=1)
        last = Worker(WORKERS, self._collection, lambda: self._now)
        await last.settle()
        if not last.delivery.done():
            await last.answer(None)
        return await asyncio.wait_for(last.delivery, 10)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, WORKERS - 1)), min_size=4, max_size=16)
)
@example([("begin", 0), ("lapse", 0), ("begin", 1), ("answer", 0), ("answer", 1)])
@example([("begin", 0), ("lapse", 0), ("begin", 1), ("fail", 0), ("begin", 2), ("answer", 1)])
async def test_whatever_happens_one_result_is_kept(database: Any, events: list[tuple[Event, int]]) -> None:
    """A worker that lost its claim can neither overwrite nor give up the later one, and nobody is stuck."""
    await database["work"].delete_many({})
    scene = Scene(database["work"])
    for event, number in events:
        await scene.happens(event, number)

    last = await scene.ends()

    row = await database["work"].find_one({"_id": WORK.digest})
    assert last.model_dump() == row["result"]


async def test_a_late_worker_gives_up_nothing_of_the_next(database: Any) -> None:
    """Its failure leaves the later claim alone, which a third worker still meets."""
    scene = Scene(database["work"])
    for event, number in (("begin", 0), ("lapse", 0), ("begin", 1), ("fail", 0)):
        await scene.happens(event, number)  # type: ignore[arg-type]
    third = Worker(2, database["work"], lambda: datetime(2026, 11, 22, 0, 0, 50, tzinfo=UTC))

    with pytest.raises(Claimed) as met:
        await asyncio.wait_for(third.delivery, 10)

    assert 41.0 == met.value.retry_after
    assert 2 == (await scene.ends()).fence - 1


async def test_what_is_kept_is_not_missing(database: Any) -> None:
    """Neither what was never begun nor what is being done is there yet."""
    claims = Claims(database["work"], days=1)
    works = [WorkId(KEY, "transcribe", (n,)) for n in range(3)]
    await claims.once(works[0], Said, _said)
    await claims._claim(works[1])

    assert set(works[1:]) == await claims.missing(works)
    assert set() == await claims.missing([])


async def test_a_result_too_large_is_refused(database: Any) -> None:
    """With its size, ours, and what helps; MongoDB would only say that it cannot."""

    class Page(Noun):
        text: str

    async def write() -> Page:
        return Page(text="x" * LARGEST_RESULT)

    with pytest.raises(Permanent, match=r"smaller pieces") as refused:
        await Claims(database["work"], days=1).once(WORK, Page, write)

    assert "result_too_large" == refused.value.reason


async def test_what_runs_outside_a_claim_is_under_none(database: Any) -> None:
    """The claim is named inside the work, and no longer after it."""
    said = await Claims(database["work"], days=1).once(WORK, Said, _said)

    assert (1, None) == (said.fence, at_work())


async def _said() -> Said:
    claim = at_work()
    assert claim is not None
    return Said(worker=0, fence=claim.fence)


async def test_who_meets_a_claim_among_several_lets_the_others_go(database: Any) -> None:
    """Whoever comes back for them finds them free, and nothing was done."""
    claims = Claims(database["work"], days=1)
    works = [WorkId(KEY, "embed", (n,)) for n in range(3)]
    row = await claims._claim(works[1])

    with pytest.raises(Claimed):
        await claims.each(works, Said, _nobody)

    await claims._lease(works[1], row["fence"], -timedelta(seconds=1))
    found = await claims.each(works, Said, _each)
    assert works == list(found)


async def test_what_fails_together_is_free_at_once(database: Any) -> None:
    """For whoever comes next."""
    ticks = count()
    begin = datetime(2026, 11, 22, tzinfo=UTC)
    claims = Claims(database["work"], days=1, now=lambda: begin + timedelta(milliseconds=next(ticks)))
    works = [WorkId(KEY, "embed", (n,)) for n in range(3)]

    async def refuse(_works: Sequence[WorkId]) -> list[Said]:
        raise Permanent("no")

    with pytest.raises(Permanent, match="no"):
        await claims.each(works, Said, refuse)

    assert works == list(await claims.each(works, Said, _each))


async def _nobody(_works: Sequence[WorkId]) -> list[Said]:
    raise AssertionError


async def _each(works: Sequence[WorkId]) -> list[Said]:
    return [Said(worker=n, fence=1) for n, _ in enumerate(works)]
