"""Calls that wait for their time, released by the sweeper or by an operator."""

from datetime import timedelta

import pytest
from common.journal import Journal
from common.pipeline import TRANSCRIBE
from ingest.lease import Lease
from ingest.sweeper import Sweeper
from prometheus_client import CollectorRegistry
from sweeping import NOW, Announced, Clock, parked


async def test_a_parked_call_waits_for_its_time(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """Not a minute less, however still it stands; then once, and none of its chances is used up."""
    await parked(journal, sweeper, NOW + timedelta(hours=6))
    clock.after(timedelta(hours=6) - timedelta(minutes=1))
    before = await sweeper.sweep(lease)
    clock.after(timedelta(minutes=1))
    after = [await sweeper.sweep(lease), await sweeper.sweep(lease)]

    entry = await journal.find("acme", "c-42")
    assert entry is not None
    assert (0, [1, 0], ["transcribe"]) == (before, after, announced.stages)
    assert ("transcribing", None, 0) == (entry.status, entry.parked, entry.swept and entry.swept.times)


async def test_a_released_call_that_gets_lost_is_announced_again(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced, clock: Clock
) -> None:
    """From then on it is a call like any other."""
    await parked(journal, sweeper, NOW)
    await sweeper.sweep(lease)
    clock.after(timedelta(minutes=15))

    assert (1, ["transcribe"] * 2) == (await sweeper.sweep(lease), announced.stages)


async def test_a_sweep_releases_so_many(
    sweeper: Sweeper,
    journal: Journal,
    lease: Lease,
    announced: Announced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those first whose time came first; the others a minute later."""
    monkeypatch.setattr("ingest.sweeper.MOST_AT_ONCE", 2)
    for n in range(3):
        await parked(journal, sweeper, NOW - timedelta(minutes=n), f"c-{n}")

    assert [2, 1] == [await sweeper.sweep(lease), await sweeper.sweep(lease)]
    assert ["c-2", "c-1", "c-0"] == [getattr(event, "call_id", None) for _, event in announced.events]


async def test_who_need_not_wait_any_longer_goes_on(
    sweeper: Sweeper, journal: Journal, lease: Lease, announced: Announced
) -> None:
    """An operator may release a call; only a parked one."""
    key = await parked(journal, sweeper, NOW + timedelta(hours=6))

    released = await journal.unpark(key, NOW)
    swept = await sweeper.sweep(lease)

    assert (True, 1, ["transcribe"]) == (released, swept, announced.stages)
    assert not await journal.unpark(key, NOW)


async def test_what_is_parked_is_shown(
    sweeper: Sweeper, journal: Journal, clock: Clock, registry: CollectorRegistry
) -> None:
    """How many, before which stage and why, and how late the latest is; not what has gone on since."""
    await parked(journal, sweeper, NOW + timedelta(hours=6))
    await parked(journal, sweeper, NOW - timedelta(minutes=1), "c-43")
    gone_on = await parked(journal, sweeper, NOW, "c-44")
    await journal.begin(gone_on, TRANSCRIBE, NOW)
    clock.after(timedelta(minutes=4))
    await sweeper.sample()

    labels = {"stage": "transcribe", "reason": "budget_exceeded"}
    assert (2.0, 300.0) == (
        registry.get_sample_value("pipeline_parked_calls", labels),
        registry.get_sample_value("pipeline_parked_overdue_seconds"),
    )
    sweeper.fall_silent()
    assert registry.get_sample_value("pipeline_parked_calls", labels) is None
