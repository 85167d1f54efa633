"""Let a process end after so many messages: whatever a library leaks stays small."""

from collections.abc import Callable
from typing import Any

from faststream import BaseMiddleware, ContextRepo


class Countdown:
    """Call *done* once, after *start* steps; never if *start* is 0."""

    def __init__(self, start: int, done: Callable[[], None]) -> None:
        self._left = start
        self._done = done

    def step(self) -> None:
        """One step."""
        self._left -= 1
        if self._left == 0:
            self._done()


class StopAfter(BaseMiddleware):
    """Steps down at each message."""

    def __init__(self, msg: Any | None, /, *, context: ContextRepo, countdown: Countdown) -> None:
        super().__init__(msg, context=context)
        self._countdown = countdown

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: Any) -> Any:
        """Count the message when it is done with, whatever became of it."""
        try:
            return await call_next(msg)
        finally:
            self._countdown.step()
