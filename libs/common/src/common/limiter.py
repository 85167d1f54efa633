"""How much a provider's model may be asked, counted in Redis by all of us, by each alone without it."""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.buckets import LONGEST_PAUSE, LocalLimiter, Rates, Seen
from common.logging import get_logger

CAUTION: Final = 0.8  # of the share a process would have if all of them asked alike
CONNECTIONS: Final = 2  # that one process opens for this, however many of its requests wait
REST: Final = 5.0  # seconds for which a lost Redis is not asked again
_SCRIPT: Final = files("common").joinpath("limiter.lua").read_text("utf-8")

log = get_logger("callstream.limiter")


class Limiter(Protocol):
    """How much one model of one provider may be asked."""

    @property
    def local(self) -> bool:
        """Whether it counts for this process alone."""
        ...

    async def take(self, tenant: str, units: float) -> float:
        """Take one request and its units together, or answer in how many seconds to ask again."""
        ...

    async def give_back(self, tenant: str, requests: float, units: float) -> None:
        """What was taken and not used; units are negative where more was used."""
        ...

    async def observe(self, seen: Seen) -> None:
        """What the provider itself tells of its limits."""
        ...

    async def pause(self, seconds: float) -> None:
        """Nobody asks for so long, two minutes at most."""
        ...


class SharedLimiter:
    """All processes count in Redis. While it is away each takes its cautious share: never more, never none.

    ``address`` and ``model`` tell whose limits they are; tenants who wait share them evenly.
    """

    def __init__(
        self,
        redis: Redis,
        address: str,
        model: str,
        rates: Rates,
        *,
        replicas: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._script: Any = redis.register_script(
            _SCRIPT
        )  # by its digest, and sent anew where that is unknown
        self.prefix = f"limit:{{{_digest(f'{address} {model}')}}}"
        self._rates, self._clock, self._model = rates, clock, model
        self._alone = LocalLimiter(rates, clock, part=CAUTION / replicas)
        self._resting_until = 0.0
        self._lanes = asyncio.Semaphore(CONNECTIONS)

    @property
    def local(self) -> bool:
        """Whether Redis was away when it was last asked."""
        return self._resting_until > 0

    async def take(self, tenant: str, units: float) -> float:
        """Take one request and its units together, or answer in how many seconds to ask again."""
        wait = await self._run(tenant, "take", units)
        return await self._alone.take(tenant, units) if wait is None else wait / 1000

    async def give_back(self, tenant: str, requests: float, units: float) -> None:
        """What was taken and not used; units are negative where more was used."""
        if await self._run(tenant, "give_back", requests, units) is None:
            await self._alone.give_back(tenant, requests, units)

    async def observe(self, seen: Seen) -> None:
        """What the provider itself tells of its limits; kept here too, for when Redis is away."""
        await self._alone.observe(seen)
        rest = [-1 if left is None else left for left in (seen.remaining_requests, seen.remaining_units)]
        await self._run("", "observe", seen.limit_requests or 0, seen.limit_units or 0, *rest)

    async def pause(self, seconds: float) -> None:
        """Nobody asks for so long, two minutes at most; noted here too."""
        await self._alone.pause(seconds)
        await self._run("", "pause", max(1, round(min(seconds, LONGEST_PAUSE) * 1000)))

    async def _run(self, tenant: str, what: str, *told: float) -> int | None:
        """What the script answers; None while Redis is away."""
        who = _digest(tenant)
        names = ("all", f"of:{who}", "waiting", "pause", "told")
        keys = [f"{self.prefix}:{name}" for name in names]
        arguments = [what, who, self._rates.requests, self._rates.units, *told]
        async with self._lanes:
            if self._clock() < self._resting_until:
                return None
            try:
                answer = int(await self._script(keys=keys, args=arguments))
            except (RedisError, OSError) as error:
                self._lost(error)
                return None
        self._found()
        return answer

    def _lost(self, error: Exception) -> None:
        if not self.local:
            log.warning("limiter.local", model=self._model, error=type(error).__name__)
        self._resting_until = self._clock() + REST

    def _found(self) -> None:
        if self.local:
            log.info("limiter.shared", model=self._model)
        self._resting_until = 0.0


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
