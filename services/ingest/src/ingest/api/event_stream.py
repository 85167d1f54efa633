"""Server-sent events, with a beat while nothing happens; a client that goes away ends what is done for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Send

BEAT: Final = 10.0  # seconds without an event, after which proxies are told that the connection lives

Emit = Callable[[bytes], None]


def event(name: str, data: str, place: str | None = None, retry: int | None = None) -> bytes:
    """One event as it goes over the wire; *data* is JSON, *place* its id, *retry* in milliseconds."""
    return format_sse_event(event=name, data_str=data, id=place, retry=retry)


class EventStream(EventSourceResponse):
    """What *work* emits while it runs, or until *stopping*."""

    def __init__(
        self,
        work: Callable[[Emit], Awaitable[None]],
        beat: float = BEAT,
        stopping: asyncio.Event | None = None,
    ) -> None:
        self._events: AsyncGenerator[bytes, None] = _emitted(work, beat, stopping or asyncio.Event())
        super().__init__(self._events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        """Send everything; whoever ends this, a client that went away included, ends the work."""
        async with aclosing(self._events):
            await super().stream_response(send)


async def _emitted(
    work: Callable[[Emit], Awaitable[None]], beat: float, stopping: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    queue = asyncio.Queue[bytes | None]()

    async def working() -> None:
        try:
            await work(queue.put_nowait)
        finally:
            queue.put_nowait(None)

    async def stopped() -> None:
        await stopping.wait()
        queue.put_nowait(None)

    # A task of its own: it is cancelled once, and what it then has to settle it settles undisturbed.
    tasks = {asyncio.create_task(working()), asyncio.create_task(stopped())}
    try:
        async for each in _until_the_end(queue, beat):
            yield each
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _until_the_end(queue: asyncio.Queue[bytes | None], beat: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(beat):
                each = await queue.get()
        except TimeoutError:
            yield KEEPALIVE_COMMENT
            continue
        if each is None:
            return
        yield each
