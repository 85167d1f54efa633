"""What the engine tells whoever counts: requests, settlements, leases in flight."""

from collections import Counter
from typing import Literal, Protocol

Settled = Literal["ack", "nack", "reject", "release", "abandon", "lost"]
Outcome = Literal["ok", "partial", "throttled", "transient", "permanent"]

# Upper bounds of the histograms of whoever keeps some.
AGES = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400)  # seconds
RECEIVES = (1, 2, 3, 5, 10, 20)
BATCHES = (0, 1, 2, 5, 9, 10)
DRAINS = (0.1, 0.5, 1, 2.5, 5, 10, 20, 30)  # seconds
REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 20)  # seconds; a long poll takes up to 20


class Recorder(Protocol):
    """Receives the engine's events; each call must return quickly and never raise."""

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        """One API request ended, after so many seconds."""

    def received(self, queue: str, count: int, asked: int) -> None:
        """A ReceiveMessage brought `count` messages of at most `asked`."""

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        """One of them, sent at that moment (seconds since 1970), delivered so often, this time included."""

    def settled(self, queue: str, kind: Settled) -> None:
        """A lease ended; for ack, nack and reject the API call has landed."""

    def extended(self, queue: str, count: int) -> None:
        """So many leases were extended by one request."""

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        """How many handlers run and how many messages wait for one."""

    def drained(self, queue: str, seconds: float) -> None:
        """A consumer stopped, after so many seconds."""


class SilentRecorder:
    """Records nothing."""

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        """Ignored."""

    def received(self, queue: str, count: int, asked: int) -> None:
        """Ignored."""

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        """Ignored."""

    def settled(self, queue: str, kind: Settled) -> None:
        """Ignored."""

    def extended(self, queue: str, count: int) -> None:
        """Ignored."""

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        """Ignored."""

    def drained(self, queue: str, seconds: float) -> None:
        """Ignored."""


class CountingRecorder(SilentRecorder):
    """Counts requests and settlements, and passes every event on."""

    def __init__(self, then: Recorder | None = None) -> None:
        self.requests: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.settlements: Counter[tuple[str, Settled]] = Counter()
        self._then: Recorder = then or SilentRecorder()

    def requested(self, queue: str, action: str, outcome: Outcome, seconds: float) -> None:
        """Counted by action, and by action and outcome."""
        self.requests[action] += 1
        self.outcomes[action, outcome] += 1
        self._then.requested(queue, action, outcome, seconds)

    def received(self, queue: str, count: int, asked: int) -> None:
        """Passed on."""
        self._then.received(queue, count, asked)

    def arrived(self, queue: str, sent_at: float, receive_count: int) -> None:
        """Passed on."""
        self._then.arrived(queue, sent_at, receive_count)

    def settled(self, queue: str, kind: Settled) -> None:
        """Counted by queue and kind."""
        self.settlements[queue, kind] += 1
        self._then.settled(queue, kind)

    def extended(self, queue: str, count: int) -> None:
        """Passed on."""
        self._then.extended(queue, count)

    def inflight(self, queue: str, running: int, buffered: int) -> None:
        """Passed on."""
        self._then.inflight(queue, running, buffered)

    def drained(self, queue: str, seconds: float) -> None:
        """Passed on."""
        self._then.drained(queue, seconds)
