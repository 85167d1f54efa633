"""The sweeper on a real journal: one at a time, nothing forgotten, nothing asked for ever."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from common.entry import Source
from common.errors import Transient
from common.journal import Journal
from common.ledger import Ledger, Means
from common.pipeline import INGEST, PIPELINE, TRANSCRIBE, dead_letter_name
from faststream_sqs import FakeSQS
from ingest.lease import Lease
from ingest.sweeper import Rhythm, Sweeper, patrol
from nouns import KEY
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from sweeping import NOW, RECORDING, Announced, Clock, ingested, lease_of
from waiting import until


async def test_a_lost_message_is_sent_again(
    sweeper: Sweeper,
    journal: Journal,
    lease: Lease,
    announced: Announced,
    clock: Clock,
    registry: CollectorRegistry,
) -> None:
    """Once, counted, and told in a log line that holds ids alone."""
    await ingested(journal, sweeper)
    clock.after(timedelta(minutes=15))
    with capture_logs() as lines:
        cared = [await sweeper.sweep(lease), await sweeper.sweep(lease)]

    assert ([1, 0], ["transcribe"]) == (cared, announced.stages)
    assert {
        "event": "call.announced_again",
        "logger_name": "callstream.sweeper",
        "log_level": "warning",
        "call_id": "c-42",
        "tenant_id": "acme",
        "revision": 1,
        "stage": "transcribe",
        "times": 1,
        "stood_still_seconds": 900,
    } == lines[0]
    assert 1.0 == registry.get_sample_value(
        "pipeline_stuck_calls_total", {"stage": "transcribe", "action": "announced_again"}
    )
    assert clock().timestamp() == registry.get_sample_value("pipeline_sweep_timestamp_seconds")


async def test_an_upload_nobody_looked_at_is_announced_again(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """The journal says where it lies; its metadata lie beside it."""
    await journal.expect(KEY, INGEST, NOW, Source(recording=RECORDING))
    clock.after(timedelta(minutes=15))
    await sweeper.sweep(lease)

    ((stage, event),) = announced.events
    assert ("ingest", RECORDING, "c-42") == (stage, getattr(event, "recording", None), event.call_id)


async def test_a_call_that_moves_is_left_alone(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """Each thing that becomes of it starts the patience anew."""
    key = await ingested(journal, sweeper)
    clock.after(timedelta(minutes=14))
    await journal.begin(key, TRANSCRIBE, clock())
    clock.after(timedelta(minutes=14))

    assert (0, []) == (await sweeper.sweep(lease), announced.events)


async def test_a_call_in_a_deep_queue_is_left_alone(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, sqs: FakeSQS, clock: Clock
) -> None:
    """Its turn will come; more messages would only make the queue deeper."""
    await ingested(journal, sweeper)
    sqs.put("transcribe", "{}")
    clock.after(timedelta(hours=1))

    assert (0, []) == (await sweeper.sweep(lease), announced.events)


async def test_a_call_that_never_comes_back_ends_failed(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """After five announcements, within hours and not for ever."""
    await ingested(journal, sweeper)
    hours = 0
    while (entry := await journal.find("acme", "c-42")) and not entry.failed and hours < 48:
        hours += 1
        clock.after(timedelta(hours=1))
        await sweeper.sweep(lease)

    assert entry is not None
    assert entry.failed is not None
    assert (["transcribe"] * 5, "stuck", 5) == (
        announced.stages,
        entry.failed.reason,
        entry.failed.retry_count,
    )
    assert 0 == await sweeper.sweep(lease)


async def test_a_call_of_which_nothing_is_kept_ends_failed_at_once(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """Waiting longer would not bring it back."""
    await journal.begin(KEY, INGEST, NOW)
    clock.after(timedelta(minutes=15))
    await sweeper.sweep(lease)

    entry = await journal.find("acme", "c-42")
    assert entry is not None
    assert entry.failed is not None
    assert ("stuck", []) == (entry.failed.reason, announced.events)


async def test_a_queue_that_is_down_costs_no_chance(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """What could not be announced was not, and is announced by the next sweep."""
    await ingested(journal, sweeper)
    clock.after(timedelta(minutes=15))
    announced.down = True
    with pytest.raises(Transient):
        await sweeper.sweep(lease)
    announced.down = False

    assert (1, ["transcribe"]) == (await sweeper.sweep(lease), announced.stages)


async def test_one_sweeps_at_a_time(database: Any, lease: Lease, clock: Clock) -> None:
    """The fence grows with each holder; a lease ends by itself, or is given back."""
    other = lease_of(database, "b", clock)
    taken = [await lease.take(), await other.take(), await lease.take()]
    clock.after(timedelta(minutes=3))
    after_a_death = [await other.take(), await lease.take()]
    await other.give_back()

    assert [1, None, 1] == taken
    assert [2, None] == after_a_death
    assert 3 == await lease.take()


async def test_a_lease_is_taken_by_one_of_many(database: Any, clock: Clock) -> None:
    """Who asks at the same moment is refused without an error."""
    fences = await asyncio.gather(*(lease_of(database, f"p{n}", clock).take() for n in range(8)))

    assert [1] == [fence for fence in fences if fence]


async def test_who_lost_the_lease_stops(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock, database: Any
) -> None:
    """In the middle of a sweep, before the next call."""
    await ingested(journal, sweeper)
    assert await lease.take()
    clock.after(timedelta(minutes=15))
    assert await lease_of(database, "b", clock).take()

    assert (0, []) == (await sweeper.sweep(lease), announced.events)


async def test_what_lies_on_the_queues_is_shown(
    sweeper: Sweeper, sqs: FakeSQS, registry: CollectorRegistry
) -> None:
    """All eight of them; and nothing any more once somebody else looks."""
    sqs.put("analyze", "{}")
    sqs.put("embed-dlq", "{}")
    await sweeper.sample()

    def shown(queue: str, state: str) -> float | None:
        return registry.get_sample_value("pipeline_queue_messages", {"queue": queue, "state": state})

    assert [1.0, 0.0, 1.0] == [
        shown("analyze", "visible"),
        shown("analyze", "in_flight"),
        shown("embed-dlq", "visible"),
    ]
    names = {name for stage in PIPELINE for name in (stage.name, dead_letter_name(stage.name))}
    assert names == {
        sample.labels["queue"]
        for metric in registry.collect()
        for sample in metric.samples
        if "queue" in sample.labels
    }
    sweeper.fall_silent()
    assert shown("analyze", "visible") is None


async def test_a_patrol_goes_on_after_a_failure(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """A queue that was down for a while ends no patrol."""
    await ingested(journal, sweeper)
    clock.after(timedelta(minutes=15))
    announced.down = True
    with capture_logs() as lines:
        walking = asyncio.create_task(patrol(sweeper, lease, Rhythm(0.05, 0.05)))
        await until(lambda: _told(lines, "sweep.failed"), 10, what="a failed sweep is told")
        announced.down = False
        await until(lambda: _told(lines, "call.announced_again"), 10, what="the call is announced")
        walking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await walking
    assert ["transcribe"] == announced.stages


async def _told(lines: list[Any], event: str) -> bool:
    return any(line["event"] == event for line in lines)


async def test_requests_without_an_end_are_shown(
    sweeper: Sweeper, database: Any, clock: Clock, registry: CollectorRegistry
) -> None:
    """Once no request lasts that long, and for a day."""
    ledger = Ledger(database["ledger"], "transcribe", days=1, means=Means(now=clock))
    await ledger._start({"provider": "openai", "model": "gpt-transcribe", "at_most_usd": 0.25})
    shown = []
    for minutes in (14, 2, 24 * 60):
        clock.after(timedelta(minutes=minutes))
        await sweeper.sample()
        shown.append(registry.get_sample_value("provider_unsettled_requests", {"stage": "transcribe"}))

    assert [0.0, 1.0, 0.0] == shown
