"""When a call has stood still for too long, and what is then to be done: decided, not done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from common.entry import Entry, Failure, parked, times_swept, waiting_for
from common.pipeline import Stage

MOST_ANNOUNCEMENTS = 5
REASON = "stuck"

Action = Literal["announced_again", "given_up", "released"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a journal may stand still.

    ``empty``: the stage's queue holds nothing, neither waiting nor in flight, so the message is lost.
    ``busy``: it holds something, perhaps this very call: the longest handler, and a wait in the queue.
    """

    empty: timedelta
    busy: timedelta

    def of(self, entry: Entry, stage: Stage, *, busy: bool) -> timedelta:
        """Twice as long after each time the call was announced again."""
        length: timedelta = (self.busy if busy else self.empty) * 2 ** times_swept(entry, stage)
        return length


@dataclass(frozen=True, slots=True)
class Standstill:
    """A call that has stood still too long, the stage it waits for, what is to be done."""

    entry: Entry
    stage: Stage
    action: Action
    since: timedelta

    @property
    def times(self) -> int:
        """How often it was announced again, this time included."""
        return times_swept(self.entry, self.stage) + (self.action == "announced_again")


def judged(entry: Entry, busy: set[str], patience: Patience, now: datetime) -> Standstill | None:
    """What is to be done about a call; None while there is hope. *busy* names the queues that hold anything.

    A parked call is where it should be until its time has come, and that counts as none of its chances.
    """
    stage = waiting_for(entry)
    still = now - entry.updated_at
    if stage and (waits := parked(entry)):
        return Standstill(entry, stage, "released", still) if now >= waits.until else None
    if stage is None or still < patience.of(entry, stage, busy=stage.name in busy):
        return None
    action: Action = "given_up" if times_swept(entry, stage) >= MOST_ANNOUNCEMENTS else "announced_again"
    return Standstill(entry, stage, action, still)


def stuck(found: Standstill, now: datetime) -> Failure:
    """Why a call is given up, and what brings it back."""
    asked = f"asked {found.times} times, this stage never finished the call"
    told = asked if found.times else "nothing is kept from which the call could go on"
    return Failure(
        stage=found.stage.name,
        reason=REASON,
        message=f"{told}; see why, then redo it or hand it in again",
        timestamp=now,
        retry_count=found.times,
    )
