"""Watch a call go through the stages: a live table on a terminal, plain lines elsewhere."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from common.pipeline import PIPELINE
from rich.console import Console
from rich.live import Live
from rich.table import Table

from onebox.door import TERMINAL, Door

LOOK = 0.5  # seconds between two looks

Show = Callable[[dict[str, Any]], None]


async def follow(door: Door, call_id: str, console: Console) -> dict[str, Any]:
    """Show each stage's progress until the call is completed or failed; return the call."""
    if not console.is_terminal:
        return await _until_terminal(door, call_id, _Lines(console))
    with Live(console=console, refresh_per_second=4) as live:
        return await _until_terminal(door, call_id, lambda call: live.update(_table(call)))


async def _until_terminal(door: Door, call_id: str, show: Show) -> dict[str, Any]:
    while True:
        call = await door.call(call_id)
        show(call)
        if call["status"] in TERMINAL:
            return call
        await asyncio.sleep(LOOK)


class _Lines:
    """A line whenever the status changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = ""
        self._started = time.monotonic()

    def __call__(self, call: dict[str, Any]) -> None:
        if call["status"] != self._status:
            self._status = call["status"]
            self._console.print(f"{time.monotonic() - self._started:6.1f} s  {self._status}", highlight=False)


def _table(call: dict[str, Any]) -> Table:
    table = Table(title=f"{call['call_id']}: {call['status']}", title_justify="left")
    for column in ("stage", "state", "attempts", "seconds", "model", "USD"):
        table.add_column(column)
    for stage in PIPELINE:
        table.add_row(stage.name, *_row(call["journal"].get(stage.name, {})))
    return table


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    if not entry:
        return ("waiting", "", "", "", "")
    seconds = entry.get("processing_time_seconds")
    cost = entry.get("cost_usd")
    return (
        "done" if entry.get("finished_at") else "working",
        str(entry["attempts"]),
        "" if seconds is None else f"{seconds:.1f}",
        entry.get("model") or "",
        "" if cost is None else f"{cost:.4f}",
    )
