"""A received message's lease, from receipt to its end, and the table of those still open."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .client import MAX_VISIBILITY


class LeaseState(Enum):
    """Where a lease is: BUFFERED, RUNNING, one of the settling three, then DONE or LOST.

    ABANDONED is a message whose handler returned without a decision: somebody may still settle it,
    but nobody extends it.
    """

    BUFFERED = "buffered"
    RUNNING = "running"
    ACKING = "acking"
    NACKING = "nacking"
    REJECTING = "rejecting"
    DONE = "done"
    LOST = "lost"
    ABANDONED = "abandoned"


HELD = frozenset({LeaseState.BUFFERED, LeaseState.RUNNING})
EXTENDABLE = HELD | {LeaseState.ACKING, LeaseState.REJECTING}
ENDS = frozenset({LeaseState.DONE, LeaseState.LOST})
# SQS delivered again what we had already given up: that delivery is a new one.
GIVEN_UP = frozenset({LeaseState.NACKING, LeaseState.ABANDONED})


@dataclass(eq=False, slots=True)
class Lease:
    """One delivery; times are the loop's monotonic seconds."""

    message: Mapping[str, Any]
    receipt_handle: str
    deadline: float
    extend_until: float
    state: LeaseState = LeaseState.BUFFERED
    settled_as: LeaseState | None = None
    released: bool = False
    _ended: asyncio.Event | None = field(default=None, init=False)

    @property
    def ended(self) -> asyncio.Event:
        """Set once it is over; made when somebody asks, which few do."""
        if self._ended is None:
            self._ended = asyncio.Event()
            if self.state in ENDS:
                self._ended.set()
        return self._ended

    @property
    def message_id(self) -> str:
        """SQS's id of the message, the same on every delivery."""
        return str(self.message["MessageId"])

    @property
    def attributes(self) -> Mapping[str, str]:
        """SQS's own attributes of the message."""
        return self.message.get("Attributes") or {}

    @property
    def receive_count(self) -> int:
        """How often the message was received, this time included."""
        return int(self.attributes.get("ApproximateReceiveCount", 1))

    @property
    def sent_at(self) -> float:
        """When SQS took the message, in seconds since 1970."""
        return int(self.attributes.get("SentTimestamp", 0)) / 1000

    @property
    def group_id(self) -> str | None:
        """The message group: FIFO order, or a tenant of a fair queue."""
        return self.attributes.get("MessageGroupId")

    @property
    def held(self) -> bool:
        """Whether its handler has yet to decide."""
        return self.state in HELD

    @property
    def returned(self) -> bool:
        """Whether it ended with the message back in the queue."""
        return self.settled_as is LeaseState.NACKING

    def settle(self, state: LeaseState) -> bool:
        """Enter a settling state; False when somebody decided before."""
        if not (self.held or self.state is LeaseState.ABANDONED):
            return False
        self.state = state
        return True

    def abandon(self) -> None:
        """Nobody decided: it may still be settled, but it is extended no more."""
        if self.held:
            self.state = LeaseState.ABANDONED


class LeaseTable:
    """Every open lease of one consumer, by message id; a lease leaves it exactly once."""

    def __init__(self, on_end: Callable[[Lease], None], max_lease: float = 3600.0) -> None:
        self._open: dict[str, Lease] = {}
        self._on_end = on_end
        self._max_lease = max_lease
        self.occupied = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Lease]:
        return iter(list(self._open.values()))

    def count(self) -> Counter[LeaseState]:
        """How many leases are in each state."""
        return Counter(lease.state for lease in self._open.values())

    def admit(self, message: Mapping[str, Any], time: float, visibility: float) -> Lease | None:
        """A lease for a message just received; None when we hold the message already.

        A redelivery to ourselves brings a newer receipt handle: the running lease adopts it.
        """
        known = self._open.get(str(message["MessageId"]))
        if known is not None and known.state in GIVEN_UP:
            self.end(known, LeaseState.DONE if known.state is LeaseState.NACKING else LeaseState.LOST)
        elif known is not None:
            known.receipt_handle = message["ReceiptHandle"]
            known.deadline = time + visibility
            return None
        extend_until = time + min(self._max_lease, MAX_VISIBILITY - visibility)
        lease = Lease(message, message["ReceiptHandle"], time + visibility, extend_until)
        self._open[lease.message_id] = lease
        self.occupied.set()
        return lease

    def end(self, lease: Lease, state: LeaseState) -> None:
        """The lease is over; telling twice is harmless."""
        if lease.state in ENDS:
            return
        lease.settled_as, lease.state = lease.state, state
        del self._open[lease.message_id]
        if not self._open:
            self.occupied.clear()
        if lease._ended is not None:  # noqa: SLF001 - its own table's
            lease._ended.set()  # noqa: SLF001 - likewise
        self._on_end(lease)

    def overdue(self, time: float) -> list[Lease]:
        """Leases SQS has taken back by now."""
        return [lease for lease in self if lease.deadline <= time]

    def due(self, time: float, visibility: float) -> list[Lease]:
        """Leases to extend now: none, or all past half-life once one is within the margin.

        Extending the batch-mates too aligns their deadlines, so the next round is one request again.
        """
        live = [one for one in self if one.state in EXTENDABLE and time < one.extend_until]
        if not any(one.deadline - time <= margin(visibility) for one in live):
            return []
        return [one for one in live if one.deadline - time <= visibility / 2]


def margin(visibility: float) -> float:
    """Seconds before its deadline at which a lease needs attention."""
    return max(1.0, visibility / 3)
