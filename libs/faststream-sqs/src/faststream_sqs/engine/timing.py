"""Waiting on the event loop's clock: for an event, for a due time, between two attempts."""

import asyncio
import random
from collections.abc import Callable

from faststream_sqs.schemas.retry import Jitter

Log = Callable[[int, str], None]  # level, text
uniform: Jitter = random.uniform


def now() -> float:
    """Seconds of the running loop's monotonic clock."""
    return asyncio.get_running_loop().time()


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether the event was set within so many seconds; None waits for ever."""
    if seconds is not None and seconds <= 0:
        return event.is_set()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def retry_delay(attempt: int, *, first: float, cap: float, jitter: Jitter = uniform) -> float:
    """Seconds before attempt number `attempt` (from 1): exponential, half of it jitter."""
    ceiling = min(cap, first * 2.0 ** min(attempt - 1, 30))
    return ceiling / 2 + jitter(0, ceiling / 2)
