"""Wait for a condition, never for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], seconds: float, *, what: str) -> T:
    """Look again and again until what is seen is truthy; fail with the last sight when time is up."""
    deadline = time.monotonic() + seconds
    while not (seen := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still not: {what}; last seen: {seen!r}")
        await asyncio.sleep(0.1)
    return seen


async def until_terminal(door: Any, call_id: str, seconds: float) -> dict[str, Any]:
    """Wait until a call is completed or failed, and return it."""

    async def ended() -> dict[str, Any] | None:
        call: dict[str, Any] = await door.call(call_id)
        return call if call["status"] in {"completed", "failed"} else None

    found = await until(ended, seconds, what=f"call {call_id} completed or failed")
    assert found is not None
    return found
