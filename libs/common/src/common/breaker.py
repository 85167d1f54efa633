"""When a provider that fails is left alone, and when it is tried again; decisions only, the clock is told."""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Literal

Cause = Literal["outage", "denied", "quota"]
State = Literal["closed", "half_open", "open"]
Outcome = Literal["ok", "busy", "outage", "denied", "quota"]
"""What became of a request. ``busy`` (429) says that the provider lives, and nothing else."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a breaker opens, and for how long; all times in seconds.

    ``in_a_row``: a small stage whose every request times out never makes ``least`` of them in a window.
    """

    window: float = 30.0
    least: int = 10
    share: float = 0.5
    in_a_row: int = 5
    outage: float = 15.0
    denied: float = 60.0
    longest: float = 300.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to make one request; what becomes of it counts only as long as its era lasts."""

    era: int
    probe: bool


class Breaker:
    """One model of one provider: closed asks, open does not, half open asks once.

    A wrong key or an exhausted account opens it at once: no number of requests would mend that.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._recent: deque[tuple[float, bool]] = deque()
        self._failures_in_a_row = 0
        self._era = 0
        self._cause: Cause | None = None
        self._until = 0.0
        self._period = 0.0
        self._probing = False

    @property
    def cause(self) -> Cause | None:
        """Why it is not closed; None where it is."""
        return self._cause

    def state(self, now: float) -> State:
        """What it does with a request."""
        if self._cause is None:
            return "closed"
        return "open" if now < self._until else "half_open"

    def wait(self, now: float) -> float:
        """Seconds until a request may be made; infinite while another one is the probe."""
        if self._cause is None:
            return 0.0
        return inf if self._probing else max(0.0, self._until - now)

    def enter(self, now: float) -> Ticket | None:
        """Leave for one request, if it may be made now."""
        if self.wait(now) > 0:
            return None
        self._probing = self._cause is not None
        return Ticket(self._era, self._probing)

    def leave(self, ticket: Ticket) -> None:
        """The request was not made, or nobody knows what became of it."""
        if ticket.era == self._era and ticket.probe:
            self._probing = False

    def record(self, ticket: Ticket, now: float, outcome: Outcome) -> None:
        """What became of a request."""
        if ticket.era != self._era:
            return  # it was made before the breaker last changed
        match outcome:
            case "ok" | "busy":
                self._passed(ticket, now, counts=outcome == "ok")
            case "outage":
                self._failed(ticket, now)
            case "denied" | "quota":
                self._open(now, outcome, self._rules.denied)

    def _passed(self, ticket: Ticket, now: float, *, counts: bool) -> None:
        if ticket.probe:
            self._close()
        if counts:
            self._note(now, failed=False)

    def _failed(self, ticket: Ticket, now: float) -> None:
        self._note(now, failed=True)
        if ticket.probe or self._too_many():
            self._open(now, "outage", self._rules.outage)

    def _note(self, now: float, *, failed: bool) -> None:
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._recent.append((now, failed))
        while self._recent[0][0] <= now - self._rules.window:
            self._recent.popleft()

    def _too_many(self) -> bool:
        failures = sum(failed for _, failed in self._recent)
        often = len(self._recent) >= self._rules.least and failures >= self._rules.share * len(self._recent)
        return often or self._failures_in_a_row >= self._rules.in_a_row

    def _open(self, now: float, cause: Cause, first: float) -> None:
        again = self._cause is not None
        self._period = min(max(self._period * 2, first), self._rules.longest) if again else first
        self._cause, self._until = cause, now + self._period
        self._renew()

    def _close(self) -> None:
        self._cause = None
        self._renew()

    def _renew(self) -> None:
        self._era += 1
        self._probing = False
        self._failures_in_a_row = 0
        self._recent.clear()
