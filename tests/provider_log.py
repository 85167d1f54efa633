"""A provider for tests: an endpoint, and what it notes of each request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web


@dataclass(slots=True)
class Noted:
    """One request: the how-manieth, with whose key, and what became of it. Only the provider writes to it."""

    number: int
    by: str
    outcome: Literal["open", "answered", "refused", "lost"] = field(default="open", kw_only=True)


Act = Callable[[Any, web.Request], Awaitable[web.StreamResponse]]
"""What a provider does to a request that it has noted."""


async def send(noted: Noted, request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Send a whole answer, and note whether somebody was there to take it."""
    try:
        await answer.prepare(request)
        await answer.write_eof()
    except ConnectionError:
        noted.outcome = "lost"
    else:
        noted.outcome = "answered" if answer.status == web.HTTPOk.status_code else "refused"
    return answer


async def hang_up(noted: Noted, request: web.Request) -> web.StreamResponse:
    """Break the connection in the place of an answer."""
    noted.outcome = "lost"
    if request.transport:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def serving(path: str, handler: Callable[..., Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """An endpoint on a free loopback port; yields the server's URL."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post(path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
