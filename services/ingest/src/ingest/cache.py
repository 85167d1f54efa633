"""Answers that cost a few reads, kept in Redis for a while; without Redis they are put together again."""

from collections.abc import Collection
from typing import Any

from common.logging import get_logger
from redis.asyncio import Redis
from redis.exceptions import RedisError

SECONDS = 300

log = get_logger("callstream.api")


class AnswerCache:
    """Bytes by name; the name changes whenever the answer would."""

    def __init__(self, redis: Redis, seconds: int = SECONDS) -> None:
        self._redis = redis
        self._seconds = seconds

    async def get(self, name: str) -> bytes | None:
        """What is kept under that name."""
        try:
            found: Any = await self._redis.get(f"answer:{name}")
        except (RedisError, OSError) as error:
            log.warning("cache.unavailable", error=type(error).__name__)
            return None
        return None if found is None else bytes(found)

    async def forget(self, names: Collection[str]) -> None:
        """Keep nothing under these names."""
        try:
            await self._redis.delete(*(f"answer:{name}" for name in names))
        except (RedisError, OSError) as error:
            log.warning("cache.unavailable", error=type(error).__name__)

    async def set(self, name: str, answer: bytes) -> None:
        """Keep an answer under that name."""
        try:
            await self._redis.set(f"answer:{name}", answer, ex=self._seconds)
        except (RedisError, OSError) as error:
            log.warning("cache.unavailable", error=type(error).__name__)
