"""What became of each call: a status that only moves forward, and figures that add up."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.entry import Source, Step, Swept
from common.journal import TRAIL, Entry, Failure, Journal, Page
from common.model import CallKey, ObjectRef
from common.pipeline import ANALYZE, EMBED, INGEST, PIPELINE, TRANSCRIBE
from nouns import KEY, work

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FAILURE = Failure(stage="analyze", reason="provider_refused", message="refused", timestamp=NOW, retry_count=1)
PAID = work("gpt-6-luna", cost_usd=0.25)


@pytest.fixture
async def journal(database: Any) -> Journal:
    journal = Journal(database["journal"])
    await journal.prepare()
    return journal


def call(name: str, tenant: str = "acme", revision: int = 1) -> CallKey:
    """Another call."""
    return CallKey(tenant_id=tenant, call_id=name, revision=revision)


async def known(journal: Journal) -> Entry:
    """The entry of the call all these tests are about."""
    entry = await journal.find("acme", "c-42")
    assert entry is not None
    return entry


async def test_a_call_moves_down_the_line(journal: Journal) -> None:
    """Each stage says what it does and what it has done."""
    seen = []
    for stage in PIPELINE:
        seen.append((await journal.begin(KEY, stage, NOW)).status)
        seen.append((await journal.finish(KEY, stage, NOW, 1.5, PAID)).status)

    assert seen == [
        "uploaded",
        "uploaded",
        "transcribing",
        "transcribed",
        "analyzing",
        "analyzed",
        "embedding",
        "completed",
    ]


async def test_a_late_message_does_not_move_a_call_back(journal: Journal) -> None:
    """A stale delivery counts its attempt and changes no status."""
    await journal.finish(KEY, EMBED, NOW, 1.0, None)

    entry = await journal.begin(KEY, TRANSCRIBE, NOW)

    assert ("completed", 1) == (entry.status, entry.stages["transcribe"].attempts)


async def test_a_failed_call_that_is_tried_again_is_no_longer_failed(journal: Journal) -> None:
    """Redriven from the dead-letter queue, it goes on from where it was; old failures no longer count."""
    await journal.begin(KEY, ANALYZE, NOW)
    failed = await journal.fail(KEY, ANALYZE, NOW, FAILURE, final=True)
    again = await journal.begin(KEY, ANALYZE, NOW)
    done = await journal.finish(KEY, ANALYZE, NOW, 1.0, PAID)

    assert ["failed", "analyzing", "analyzed"] == [failed.status, again.status, done.status]
    assert FAILURE == failed.failed
    assert (2, 1, {}) == (
        again.stages["analyze"].attempts,
        again.stages["analyze"].reported,
        again.stages["analyze"].causes,
    )
    assert done.stages["analyze"].error is None


async def test_another_stage_does_not_forgive(journal: Journal) -> None:
    """Only the stage that failed can take it back."""
    await journal.fail(KEY, ANALYZE, NOW, FAILURE, final=True)

    assert "failed" == (await journal.begin(KEY, TRANSCRIBE, NOW)).status


async def test_a_failed_attempt_is_not_a_failed_call(journal: Journal) -> None:
    """Retried is not failed; why and how often is on record."""
    await journal.begin(KEY, ANALYZE, NOW)
    await journal.fail(KEY, ANALYZE, NOW, FAILURE, final=False)
    await journal.begin(KEY, ANALYZE, NOW)
    entry = await journal.fail(KEY, ANALYZE, NOW, FAILURE, final=False)

    assert ("analyzing", FAILURE) == (entry.status, entry.stages["analyze"].error)
    assert {"provider_refused": 2} == entry.stages["analyze"].causes


async def test_attempts_that_never_came_back_can_be_told(journal: Journal) -> None:
    """Begun minus reported is what died on the way or is at it now."""
    for _ in range(4):
        await journal.begin(KEY, ANALYZE, NOW)
    await journal.release(KEY, ANALYZE, NOW)
    await journal.fail(KEY, ANALYZE, NOW, FAILURE, final=False)
    entry = await journal.finish(KEY, ANALYZE, NOW, 1.0, None)

    assert (4, 3) == (entry.stages["analyze"].attempts, entry.stages["analyze"].reported)


async def test_beginnings_at_the_same_moment_all_count(journal: Journal) -> None:
    """The first entry is written once, however many want to write it."""
    await asyncio.gather(*(journal.begin(KEY, ANALYZE, NOW) for _ in range(10)))

    assert 10 == (await known(journal)).stages["analyze"].attempts


async def test_times_and_costs_are_those_of_the_stages(journal: Journal) -> None:
    """What a repeat reports again is not added again."""
    later = NOW + timedelta(seconds=90)
    await journal.begin(KEY, TRANSCRIBE, NOW)
    await journal.finish(KEY, TRANSCRIBE, later, 89.9994, work("gpt-transcribe", cost_usd=0.5))
    await journal.finish(KEY, ANALYZE, later, 1.0, PAID)
    entry = await journal.finish(KEY, ANALYZE, later, 1.0, PAID)

    stage = entry.stages["transcribe"]
    assert (NOW, later, 89.999) == (stage.started_at, stage.finished_at, stage.processing_time_seconds)
    assert ("openai", "gpt-transcribe", 0.5) == (stage.provider, stage.model, stage.cost_usd)
    assert (NOW, later, 0.75) == (entry.created_at, entry.updated_at, entry.cost_usd)


async def test_a_call_is_found_by_its_newest_revision(journal: Journal) -> None:
    """Unless one is named."""
    for revision in (1, 3, 2):
        await journal.begin(call("c-42", revision=revision), INGEST, NOW)

    found = [await journal.find("acme", "c-42"), await journal.find("acme", "c-42", 2)]
    assert [3, 2] == [entry.revision for entry in found if entry]
    assert await journal.find("acme", "c-42", 4) is None
    assert await journal.find("acme", "c-43") is None


async def test_another_tenant_neither_sees_nor_changes_a_call(journal: Journal) -> None:
    """The same call id in another tenant's hands is another call."""
    await journal.finish(KEY, ANALYZE, NOW, 1.0, PAID)
    before = await known(journal)

    assert await journal.find("globex", "c-42") is None
    theirs = await journal.begin(call("c-42", tenant="globex"), INGEST, NOW)
    assert ("uploaded", ["ingest"]) == (theirs.status, list(theirs.stages))
    assert before == await known(journal)


@pytest.fixture
async def listed(journal: Journal) -> Journal:
    """Five calls of one tenant, a minute apart, two of them of the same instant, and one of another's."""
    for n in range(4):
        await journal.begin(call(f"c-{n}"), INGEST, NOW + timedelta(minutes=n))
    await journal.begin(call("c-3b"), TRANSCRIBE, NOW + timedelta(minutes=3))
    await journal.begin(call("theirs", tenant="globex"), INGEST, NOW)
    await journal.fail(call("c-2"), INGEST, NOW, FAILURE, final=True)
    return journal


async def test_calls_are_listed_newest_first(listed: Journal) -> None:
    """One tenant's, and no other's."""
    assert ["c-3b", "c-3", "c-2", "c-1", "c-0"] == [e.call_id for e in await listed.newest("acme", 10)]
    assert ["theirs"] == [entry.call_id for entry in await listed.newest("globex", 10)]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"status": "uploaded"}, ["c-3", "c-1", "c-0"]),
        ({"status": "transcribing"}, ["c-3b"]),
        ({"status": "failed"}, ["c-2"]),
        ({"status": "completed"}, []),
        ({"since": NOW + timedelta(minutes=2)}, ["c-3b", "c-3", "c-2"]),
        ({"until": NOW + timedelta(minutes=2)}, ["c-1", "c-0"]),
        ({"since": NOW + timedelta(minutes=1), "until": NOW + timedelta(minutes=3)}, ["c-2", "c-1"]),
    ],
    ids=str,
)
async def test_a_list_can_be_narrowed(listed: Journal, filters: dict[str, Any], found: list[str]) -> None:
    """By status, and by a period that includes its start and not its end."""
    assert found == [entry.call_id for entry in await listed.newest("acme", 10, **filters)]


async def test_pages_lose_and_repeat_nothing(listed: Journal) -> None:
    """Page by page the list is the list, calls of the same instant included."""
    pages, after = [], None
    while page := await listed.newest("acme", 2, after=after):
        pages.append([entry.call_id for entry in page])
        after = Page(page[-1].created_at, page[-1].id)

    assert [["c-3b", "c-3"], ["c-2", "c-1"], ["c-0"]] == pages


async def test_a_redone_call_keeps_its_place(listed: Journal) -> None:
    """It is one call, told by its newest revision, as old as it was; what it failed of before is past."""
    before = [entry.call_id for entry in await listed.newest("acme", 10)]
    failed = await listed.fail(call("c-1"), ANALYZE, NOW, FAILURE, final=True)
    await listed.redo(failed, ANALYZE, 2, NOW + timedelta(hours=1))

    after = await listed.newest("acme", 10)
    assert before == [entry.call_id for entry in after]
    assert {"c-1": 2} == {entry.call_id: entry.revision for entry in after if entry.revision > 1}
    assert "c-1" not in [entry.call_id for entry in await listed.newest("acme", 10, status="failed")]


async def test_a_call_that_arrives_meanwhile_does_not_shift_the_pages(listed: Journal) -> None:
    """The cursor is a place in time, not a number."""
    first = await listed.newest("acme", 2)
    await listed.begin(call("c-new"), INGEST, NOW + timedelta(hours=1))

    after = Page(first[-1].created_at, first[-1].id)
    assert ["c-2", "c-1"] == [entry.call_id for entry in await listed.newest("acme", 2, after=after)]


async def test_a_trail_names_who_did_what_and_stays_short(journal: Journal, database: Any) -> None:
    """The newest steps, and who took them."""
    other = Journal(database["journal"], "pod-b")
    for _ in range(TRAIL):
        await journal.begin(KEY, ANALYZE, NOW)
        await journal.release(KEY, ANALYZE, NOW)
    entry = await other.fail(KEY, ANALYZE, NOW, FAILURE, final=False)

    trail = entry.stages["analyze"].trail
    assert (TRAIL, Step(what="retried", at=NOW, by="pod-b", reason="provider_refused")) == (
        len(trail),
        trail[-1],
    )


async def test_where_an_upload_lies_is_on_record(journal: Journal) -> None:
    """From the first word of it; who knows nothing of it later erases nothing."""
    source = Source(recording=ObjectRef(bucket="calls", key="a.wav", etag="e"))
    await journal.expect(KEY, INGEST, NOW, source)
    await journal.begin(KEY, TRANSCRIBE, NOW)

    assert source == (await known(journal)).source


@pytest.fixture
async def standing(listed: Journal) -> Journal:
    """Six calls of two tenants: one failed, one completed, four on their way."""
    await listed.finish(call("c-0"), EMBED, NOW, 1.0, None)
    return listed


async def test_calls_that_stand_still_are_found(standing: Journal) -> None:
    """Of every tenant, the longest first; none that ended, none that moved since."""
    found = [entry.call_id async for entry in standing.unfinished(NOW + timedelta(minutes=2))]

    assert ["theirs", "c-1"] == found


async def test_what_moved_lately_is_found(standing: Journal) -> None:
    """Whatever became of it."""
    found = {entry.call_id async for entry in standing.moved(NOW + timedelta(minutes=3))}

    assert {"c-3", "c-3b"} == found


async def test_a_sweep_is_noted_unless_the_call_moved(journal: Journal) -> None:
    """Whoever decided on an old sight of the call changes nothing."""
    seen = await journal.begin(KEY, ANALYZE, NOW)
    await journal.release(KEY, ANALYZE, NOW + timedelta(seconds=1))

    assert not await journal.sweep(seen, Swept(stage="analyze", times=1, fence=1), NOW)
    assert (await known(journal)).swept is None


async def test_a_sweeper_that_lost_its_lease_changes_nothing(journal: Journal) -> None:
    """The higher fence wins, whatever the order."""
    first = await journal.begin(KEY, ANALYZE, NOW)
    later = Swept(stage="analyze", times=1, fence=7)

    assert await journal.sweep(first, later, NOW)
    assert not await journal.sweep(await known(journal), later.model_copy(update={"fence": 6}), NOW)
    assert later == (await known(journal)).swept


async def test_a_call_given_up_is_failed_with_its_reason(journal: Journal) -> None:
    """And a message that turns up after all revives it."""
    entry = await journal.begin(KEY, ANALYZE, NOW)
    stuck = FAILURE.model_copy(update={"reason": "stuck"})

    assert await journal.sweep(entry, Swept(stage="analyze", times=5, fence=1), NOW, stuck)
    assert ("failed", stuck) == ((await known(journal)).status, (await known(journal)).failed)
    assert "analyzing" == (await journal.begin(KEY, ANALYZE, NOW)).status
