"""A queue and its messages: who is visible, since when, and when that changes."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any


@dataclass(eq=False, slots=True)
class StoredMessage:
    """A message in a queue; times are seconds of the fake's clock."""

    message_id: str
    entry: Mapping[str, Any]
    sent_at: float
    visible_at: float
    sequence: int
    receive_count: int = 0
    first_received: float | None = None
    handle: str = ""
    delete_asked: bool = False

    @property
    def group(self) -> str | None:
        """Its message group."""
        return self.entry.get("MessageGroupId")


@dataclass(eq=False)
class StoredQueue:
    """A queue and its messages, oldest first."""

    name: str
    attributes: dict[str, str]
    held: dict[str, StoredMessage] = field(default_factory=dict)
    seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    tally: Counter[str] = field(default_factory=Counter)
    _ready: list[tuple[int, StoredMessage]] = field(default_factory=list)
    _hidden: list[tuple[float, int, StoredMessage]] = field(default_factory=list)

    @property
    def fifo(self) -> bool:
        """Whether it keeps the order of groups."""
        return self.name.endswith(".fifo")

    @property
    def messages(self) -> list[StoredMessage]:
        """All messages, visible or not."""
        return list(self.held.values())

    def add(self, message: StoredMessage) -> None:
        """Take a message in."""
        self.tally["stored"] += 1
        self.held[message.message_id] = message
        self.hide(message, message.visible_at)

    def hide(self, message: StoredMessage, until: float) -> None:
        """Keep a message from receivers until then."""
        message.visible_at = until
        heappush(self._hidden, (until, message.sequence, message))
        self.changed.set()

    def take(self, message: StoredMessage, time: float, lease: float) -> None:
        """Hand a message to a receiver, and tell a repetition nobody needed from one that somebody did."""
        self.tally["received_again"] += message.receive_count > 0
        self.tally["finished_again"] += message.delete_asked
        message.delete_asked = False
        message.receive_count += 1
        message.handle = f"{message.message_id}/{message.receive_count}"
        message.first_received = time if message.first_received is None else message.first_received
        self.hide(message, time + lease)

    def ask_to_delete(self, handle: str) -> None:
        """Somebody wants this message gone, whatever becomes of the request."""
        message = self.find(handle)
        if message and message.handle == handle:
            message.delete_asked = True
        elif message:
            self.tally["late_deletes"] += 1

    def remove(self, message: StoredMessage) -> None:
        """Let a message go."""
        del self.held[message.message_id]
        self.changed.set()

    def clear(self) -> None:
        """Let all messages go."""
        self.held.clear()
        self.changed.set()

    def find(self, handle: str) -> StoredMessage | None:
        """The message a receipt handle, fresh or stale, belongs to."""
        return self.held.get(handle.split("/", 1)[0])

    def visible(self, time: float) -> Iterator[StoredMessage]:
        """What a receive may take, oldest first: each must be hidden or removed before the next.

        Of a FIFO queue's groups none that has a message in flight or delayed.
        """
        self._reveal(time)
        if self.fifo:
            yield from self._unblocked(time)
            return
        while self._ready:
            _, message = heappop(self._ready)
            if self._is_held(message) and message.visible_at <= time:
                yield message

    def next_change(self, time: float) -> float | None:
        """Seconds until a message becomes visible by itself."""
        self._reveal(time)
        return self._hidden[0][0] - time if self._hidden else None

    def _unblocked(self, time: float) -> list[StoredMessage]:
        blocked = {message.group for message in self.held.values() if message.visible_at > time}
        return [m for m in self.held.values() if m.visible_at <= time and m.group not in blocked]

    def _reveal(self, time: float) -> None:
        while self._hidden:
            until, sequence, message = self._hidden[0]
            current = self._is_held(message) and message.visible_at == until
            if current and until > time:
                return
            heappop(self._hidden)
            if current and not self.fifo:
                heappush(self._ready, (sequence, message))

    def _is_held(self, message: StoredMessage) -> bool:
        return self.held.get(message.message_id) is message
