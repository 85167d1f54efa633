"""Keeps leases alive from receipt on, in shared requests, and notices the ones that were lost."""

import asyncio

from .lease import LeaseState, LeaseTable, margin
from .settle import VisibilityWriter
from .timing import now


class Heartbeat:
    """Looks at every lease four times per margin: no request for short handlers, nothing while idle."""

    def __init__(
        self, table: LeaseTable, writer: VisibilityWriter, visibility: int, *, extends: bool = True
    ) -> None:
        self._table, self._writer = table, writer
        self._visibility, self._extends = visibility, extends

    async def run(self) -> None:
        """Beat for ever, but while there is no lease."""
        while True:
            await self._table.occupied.wait()
            await asyncio.sleep(margin(self._visibility) / 4)
            self.beat(now())

    def beat(self, time: float) -> None:
        """End the leases SQS took back, wish for more time for those about to run out."""
        for lease in self._table.overdue(time):
            self._table.end(lease, LeaseState.LOST)
        if not self._extends:
            return
        for lease in self._table.due(time, self._visibility):
            self._writer.wish(lease, self._visibility, "extend")
