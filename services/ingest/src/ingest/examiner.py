"""What a doctor found lately: many may ask, one examination answers them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from common.ctl.findings import Finding

FRESH: Final = 10.0  # seconds

Examine = Callable[[], Awaitable[list[Finding]]]


class Examiner:
    """Remembers findings for a few seconds; *clock* counts them."""

    def __init__(self, examine: Examine, clock: Callable[[], float]) -> None:
        self._examine = examine
        self._clock = clock
        self._found: list[Finding] = []
        self._until = float("-inf")
        self._busy = asyncio.Lock()

    async def findings(self) -> list[Finding]:
        """What was found at most ten seconds ago."""
        async with self._busy:
            if self._clock() >= self._until:
                self._found = await self._examine()
                self._until = self._clock() + FRESH
        return self._found
