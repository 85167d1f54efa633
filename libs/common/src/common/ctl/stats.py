"""How much waits, how long, and what the last hour brought: the queues' counts beside the journal's."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from common.depths import Depth, Queues
from common.entry import Entry, waiting_for
from common.journal import Journal
from common.model import Noun
from common.pipeline import PIPELINE, Stage, dead_letter_name

HOUR = timedelta(hours=1)


class StageStats(Noun):
    """One stage: its queue now, its work in the last hour. None: this environment does not name the queue."""

    stage: str
    visible: int | None
    in_flight: int | None
    delayed: int | None
    dlq: int | None
    oldest_waits_seconds: float | None
    done_last_hour: int
    failed_last_hour: int
    mean_seconds: float | None
    cost_usd_last_hour: float


async def stats(queues: Queues, journal: Journal, now: datetime) -> list[StageStats]:
    """Every stage, in the order of the line."""
    depths = await queues.depths()
    waiting = [entry async for entry in journal.unfinished(now)]
    lately = [entry async for entry in journal.moved(now - HOUR)]
    return [_of(stage, depths, waiting, lately, now) for stage in PIPELINE]


def _of(
    stage: Stage, depths: Mapping[str, Depth], waiting: Iterable[Entry], lately: list[Entry], now: datetime
) -> StageStats:
    depth, dead = depths.get(stage.name), depths.get(dead_letter_name(stage.name))
    ages = [(now - entry.updated_at).total_seconds() for entry in waiting if waiting_for(entry) == stage]
    done = [
        mine
        for entry in lately
        if (mine := entry.stages.get(stage.name)) and mine.finished_at and mine.finished_at >= now - HOUR
    ]
    took = [mine.processing_time_seconds or 0.0 for mine in done]
    failures = [entry.failed for entry in lately if entry.failed and entry.failed.stage == stage.name]
    return StageStats(
        stage=stage.name,
        visible=depth.visible if depth else None,
        in_flight=depth.in_flight if depth else None,
        delayed=depth.delayed if depth else None,
        dlq=dead.total if dead else None,
        oldest_waits_seconds=round(max(ages), 1) if ages else None,
        done_last_hour=len(done),
        failed_last_hour=sum(failure.timestamp >= now - HOUR for failure in failures),
        mean_seconds=round(sum(took) / len(took), 3) if took else None,
        cost_usd_last_hour=round(sum(mine.cost_usd or 0.0 for mine in done), 6),
    )
