"""How many requests a client may make: counted in Redis by all of us, by each alone while Redis is away."""

import math
import time
from collections.abc import Callable
from typing import Any

from common.logging import get_logger
from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import Redis

REST = 5.0  # seconds for which a lost Redis is not asked again

log = get_logger("callstream.api")


class Limiter:
    """One limit for every client."""

    def __init__(self, limit: str, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = parse(limit)
        self._clock = clock
        self._resting_until = 0.0
        self._local = MovingWindowRateLimiter(MemoryStorage())
        pool: Any = redis.connection_pool  # taken by use_basic(), though not by the annotation
        shared = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="limit",
            connection_pool=pool,
        )
        self._shared = MovingWindowRateLimiter(shared)

    async def seconds_to_wait(self, client: str) -> int | None:
        """Count a request; None lets it through."""
        if self._clock() >= self._resting_until:
            try:
                return await self._hit(self._shared, client)
            except StorageError as error:
                log.warning("limiter.local", error=type(error.storage_error).__name__)
                self._resting_until = self._clock() + REST
        return await self._hit(self._local, client)

    async def _hit(self, limiter: MovingWindowRateLimiter, client: str) -> int | None:
        if await limiter.hit(self._limit, client):
            return None
        window = await limiter.get_window_stats(self._limit, client)
        return max(1, math.ceil(window.reset_time - time.time()))
