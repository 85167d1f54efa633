"""How much of a model this process may ask for, counted by itself alone; ``limiter.lua`` counts for all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BURST: Final = 0.03  # of a limit may come at once, as in limiter.lua
LONGEST_PAUSE: Final = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Rates:
    """What a model may be asked in a minute; 0 is no limit. Units are seconds of audio, or tokens."""

    requests: float = 0.0
    units: float = 0.0

    def share(self, part: float) -> "Rates":
        """That part of it."""
        return Rates(self.requests * part, self.units * part)

    def within(self, other: "Rates") -> "Rates":
        """The stricter of two, for each limit."""
        return Rates(_stricter(self.requests, other.requests), _stricter(self.units, other.units))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a provider's answer tells of its limits; None where it does not."""

    limit_requests: int | None = None
    limit_units: int | None = None
    remaining_requests: int | None = None
    remaining_units: int | None = None

    @property
    def limits(self) -> Rates:
        """The limits it named."""
        return Rates(self.limit_requests or 0, self.limit_units or 0)


class Bucket:
    """One limit a minute. A request larger than the bucket waits until it is full, and leaves a debt."""

    def __init__(self, limit: float, now: float) -> None:
        self.capacity = max(1.0, limit * BURST)
        self.refill = max(limit - self.capacity, limit / 2) / 60  # a second
        self._level, self._at = self.capacity, now

    def lack(self, cost: float, now: float) -> float:
        """Seconds until there is enough."""
        return max(0.0, (min(cost, self.capacity) - self._filled(now)) / self.refill)

    def add(self, amount: float, now: float) -> None:
        """Take (a negative amount) or give back."""
        self._level = min(self.capacity, self._filled(now) + amount)

    def clamp(self, level: float, now: float) -> None:
        """There is no more than that."""
        self._level = min(level, self._filled(now))

    def _filled(self, now: float) -> float:
        self._level = min(self.capacity, self._level + max(0.0, now - self._at) * self.refill)
        self._at = now
        return self._level


class LocalLimiter:
    """Both limits of one model, and its pause, for this process alone: all tenants draw on one bucket."""

    def __init__(self, rates: Rates, clock: Callable[[], float], *, part: float = 1.0) -> None:
        self._rates, self._clock, self._part = rates, clock, part
        self._told = Rates()
        self._paused_until = 0.0
        self._fill()

    @property
    def local(self) -> bool:
        """Whether it counts for this process alone."""
        return True

    async def take(self, _tenant: str, units: float) -> float:
        """Take one request and its units together, or answer in how many seconds to ask again."""
        now = self._clock()
        costs = [(bucket, cost) for bucket, cost in zip(self._buckets, (1.0, units), strict=True) if bucket]
        wait = max(self._paused_until - now, *(bucket.lack(cost, now) for bucket, cost in costs), 0.0)
        for bucket, cost in costs if wait == 0 else ():
            bucket.add(-cost, now)
        return wait

    async def give_back(self, _tenant: str, requests: float, units: float) -> None:
        """What was taken and not used."""
        for bucket, amount in zip(self._buckets, (requests, units), strict=True):
            if bucket:
                bucket.add(amount, self._clock())

    async def observe(self, seen: Seen) -> None:
        """Believe a stricter limit, and a smaller rest, that the provider tells."""
        if self._told != seen.limits:
            self._told = seen.limits
            self._fill()
        for bucket, rest in zip(self._buckets, (seen.remaining_requests, seen.remaining_units), strict=True):
            if bucket and rest is not None:
                bucket.clamp(rest, self._clock())

    async def pause(self, seconds: float) -> None:
        """Nobody asks for so long."""
        self._paused_until = max(self._paused_until, self._clock() + min(seconds, LONGEST_PAUSE))

    def _fill(self) -> None:
        rates, now = self._rates.within(self._told).share(self._part), self._clock()
        self._buckets = tuple(
            Bucket(limit, now) if limit else None for limit in (rates.requests, rates.units)
        )


def _stricter(one: float, other: float) -> float:
    return min(one, other) if one and other else max(one, other)
