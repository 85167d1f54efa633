"""The one way to a provider's model: whatever asks, asks through its gate."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from common.account import current
from common.breaker import Breaker, Cause, Outcome, Rules, State, Ticket
from common.buckets import LocalLimiter, Rates
from common.errors import Transient
from common.ledger import NoLedger, Notes
from common.limiter import Limiter
from common.providers import Asked, Untaken, asking
from common.ratelimits import seen

R = TypeVar("R")

HOLD: Final = 600.0  # seconds a request may wait for its provider; its message is kept meanwhile
LONGEST_REST: Final = 30.0  # seconds between two requests of a provider that does not say when to come back
JITTER: Final = 0.1  # of a wait: those who wait for the same instant do not all come at once

_OUTCOMES: Final[dict[str, Outcome]] = {
    "provider_busy": "busy",
    "provider_unavailable": "outage",
    "provider_denied": "denied",
    "provider_quota": "quota",
}
_REASONS: Final[dict[Cause | None, str]] = {
    "outage": "provider_unavailable",
    "denied": "provider_denied",
    "quota": "provider_quota",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one request takes at most. ``usd`` is None where the price is not known."""

    usd: float | None
    audio_seconds: float = 0.0
    tokens: int = 0

    @property
    def units(self) -> float:
        """What a limit beside that of requests counts."""
        return self.audio_seconds or self.tokens


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is held (seconds) and when its provider is left alone; *chance* is from 0 to 1."""

    hold: float = HOLD
    rules: Rules = field(default_factory=Rules)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


class Gate:
    """One model of one provider, asked no more than it allows, and not while it fails."""

    def __init__(
        self,
        provider: str,
        model: str,
        limiter: Limiter | None = None,
        patience: Patience | None = None,
        ledger: Notes | None = None,
    ) -> None:
        patience = patience or Patience()
        self.provider = provider
        self.model = model
        self.limiter: Limiter = limiter or LocalLimiter(Rates(), patience.clock)
        self._shared = limiter is not None
        self._hold, self._clock, self._chance = patience.hold, patience.clock, patience.chance
        self._ledger: Notes = ledger or NoLedger()
        self._breaker = Breaker(patience.rules)
        self._waiting = 0
        self._turns = WeakValueDictionary[str, asyncio.Lock]()
        self._changed = asyncio.Event()

    @property
    def state(self) -> State:
        """Of the breaker."""
        return self._breaker.state(self._clock())

    @property
    def cause(self) -> Cause | None:
        """Why its stage need not receive: nobody could ask, or somebody waits who will try first."""
        held = self._waiting or self._breaker.wait(self._clock()) > 0
        return self._breaker.cause if held else None

    @property
    def counts_alone(self) -> bool:
        """Whether limits that others share are counted by this process alone, for want of Redis."""
        return self._shared and self.limiter.local

    async def ask(self, what: str, need: Need, request: Callable[[Asked], Awaitable[R]]) -> R:
        """Make a *request*, again if the provider did not take it; *what* is for the log.

        Raises:
            Transient: the provider cannot be asked, or did not take it, for as long as we hold on.
            Permanent: it refuses.
        """
        until = self._clock() + self._hold
        for times in count():
            try:
                async with self.asking(what, need, until) as asked:
                    return await request(asked)
            except Untaken as error:
                await self._rest(error, times, until)
        raise AssertionError  # pragma: no cover - count() has no end

    @asynccontextmanager
    async def asking(self, what: str, need: Need, until: float | None = None) -> AsyncIterator[Asked]:
        """Make one request inside, once there is leave for it; *until* is by our clock.

        Raises:
            Transient: the provider cannot be asked now.
            Permanent: it refuses.
        """
        account = current()
        tenant = account.tenant_id if account else None
        ticket = await self._admitted(what, tenant or "", need, until or self._clock() + self._hold)
        with self._recording(ticket):
            async with self._ledger.calling(self.provider, self.model, need.usd, need.audio_seconds) as row:
                with asking(what, self.provider, self.model) as asked:
                    row.asked = asked
                    try:
                        yield asked
                    finally:
                        await self._settle(tenant or "", need, asked)

    async def wait_for_change(self, seconds: float | None = None) -> None:
        """Until the breaker or the number of those who wait changes, or so many seconds are over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    @property
    def seconds_closed(self) -> float | None:
        """Until time alone changes something; None where only an outcome does."""
        wait = self._breaker.wait(self._clock())
        return wait if 0 < wait < float("inf") else None

    async def _admitted(self, what: str, tenant: str, need: Need, until: float) -> Ticket:
        """Leave of the breaker, then of the limiter: a probe waits for its turn like anybody."""
        begun = self._clock()
        with self._queueing():
            async with self._turn(what, tenant, until):
                while True:
                    wait, ticket = self._breaker.wait(self._clock()), self._breaker.enter(self._clock())
                    if ticket:
                        wait = await self._taken(ticket, tenant, need)
                    if ticket and not wait:
                        break
                    await self._pass(what, wait, until)
        if account := current():
            account.waited(self.model, self._clock() - begun)
        return ticket

    async def _taken(self, ticket: Ticket, tenant: str, need: Need) -> float:
        taken = False
        try:
            wait = await self.limiter.take(tenant, need.units)
            taken = wait == 0
        finally:
            if not taken:
                self._breaker.leave(ticket)
        return wait

    @asynccontextmanager
    async def _turn(self, what: str, tenant: str, until: float) -> AsyncIterator[None]:
        """A tenant's requests ask for leave one after the other: a crowd would ask Redis without end."""
        lock = self._turns.setdefault(tenant, asyncio.Lock())
        try:
            async with asyncio.timeout(max(0.0, until - self._clock())):
                await lock.acquire()
        except TimeoutError:
            raise self._held_too_long(what, None) from None
        try:
            yield
        finally:
            lock.release()

    def _held_too_long(self, what: str, seconds: float | None) -> Transient:
        cause = self._breaker.cause
        reason = _REASONS[cause] if cause else "provider_busy"
        return Transient(f"{what}: not asked, the provider is left alone", reason=reason, retry_after=seconds)

    async def _pass(self, what: str, wait: float, until: float) -> None:
        """Wait so long, or until something changes, unless that is longer than we hold on."""
        left = until - self._clock()
        if left <= 0 or left < wait < float("inf"):
            cause = self._breaker.cause
            reason = _REASONS[cause] if cause else "provider_busy"
            later = None if wait == float("inf") else wait
            raise Transient(
                f"{what}: not asked, the provider is left alone", reason=reason, retry_after=later
            )
        await self.wait_for_change(min(wait * (1 + JITTER * self._chance()), left))

    async def _rest(self, error: Untaken, times: int, until: float) -> None:
        """Let the provider be for a while, all of us if it is busy; an open breaker sees to it otherwise."""
        if self._clock() >= until:
            raise error
        seconds = min(2.0**times, LONGEST_REST) if error.retry_after is None else error.retry_after
        if error.reason == "provider_busy":
            await self.limiter.pause(seconds)
        elif self._breaker.cause is None:
            await asyncio.sleep(min(seconds * (1 + JITTER * self._chance()), until - self._clock()))

    @contextmanager
    def _queueing(self) -> Iterator[None]:
        self._waiting += 1
        self._change()
        try:
            yield
        finally:
            self._waiting -= 1
            self._change()

    @contextmanager
    def _recording(self, ticket: Ticket) -> Iterator[None]:
        """Tell the breaker what became of the request; nobody knows that of a cancelled one."""
        outcome: Outcome | None = None
        try:
            yield
            outcome = "ok"
        except Exception as error:
            outcome = _OUTCOMES.get(getattr(error, "reason", ""), "ok")
            raise
        finally:
            if outcome is None:
                self._breaker.leave(ticket)
            else:
                self._breaker.record(ticket, self._clock(), outcome)
            self._change()

    async def _settle(self, tenant: str, need: Need, asked: Asked) -> None:
        """Give back what the answer did not use, and hear what the provider tells of its limits."""
        if told := seen(asked.headers, tokens=bool(need.tokens)):
            await self.limiter.observe(told)
        if asked.work:
            used = asked.work.audio_seconds or asked.work.input_tokens + asked.work.output_tokens
            if used != need.units:
                await self.limiter.give_back(tenant, 0, need.units - used)

    def _change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
