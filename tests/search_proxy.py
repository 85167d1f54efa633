"""A search server in front of the search server, which does to a request what a test tells it to."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

LOOPBACK = "127.0.0.1"


@dataclass
class Bulked:
    """A bulk request: which items it holds, and how many bytes it has."""

    ids: list[str]
    size: int


Act = Callable[["SearchProxy", web.Request, bytes], Awaitable[web.Response]]


@dataclass
class SearchProxy:
    """*acts*, in turn, answer the next requests whose path ends as they say; all others are passed on."""

    behind: str
    session: aiohttp.ClientSession
    url: str = ""
    acts: list[tuple[str, Act]] = field(default_factory=list)
    bulks: list[Bulked] = field(default_factory=list)
    renames: dict[str, str] = field(default_factory=dict)

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path.endswith("/_bulk"):
            self.bulks.append(Bulked([name for name, _ in items(body)], len(body)))
        if self.acts and request.path.endswith(self.acts[0][0]):
            return await self.acts.pop(0)[1](self, request, body)
        return await self.passed_on(request, body)

    async def passed_on(self, request: web.Request, body: bytes) -> web.Response:
        """What the server behind answers."""
        asked = request.path_qs
        for name, other in self.renames.items():
            asked = asked.replace(name, other)
        url = f"{self.behind}{asked}"
        headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
        async with self.session.request(request.method, url, data=body or None, headers=headers) as answer:
            text = await answer.text()
            return web.Response(text=text, status=answer.status, content_type=answer.content_type)


@asynccontextmanager
async def open_proxy(behind: str) -> AsyncIterator[SearchProxy]:
    """On a free port."""
    async with aiohttp.ClientSession() as session:
        proxy = SearchProxy(behind, session)
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", proxy.serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        proxy.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        yield proxy
        await runner.cleanup()


def items(body: bytes) -> list[tuple[str, list[bytes]]]:
    """The items of a bulk request, by id, each with its lines."""
    found: list[tuple[str, list[bytes]]] = []
    for line in body.splitlines():
        parsed = json.loads(line)
        action = next((kind for kind in ("index", "delete") if kind in parsed), None)
        if action and "_id" in parsed[action]:
            found.append((parsed[action]["_id"], [line]))
        else:
            found[-1][1].append(line)
    return found


def failing(status: int) -> Act:
    """Refuse the whole request."""

    async def act(_: SearchProxy, __: web.Request, ___: bytes) -> web.Response:
        error = {"error": {"type": "es_rejected_execution_exception", "reason": "busy"}, "status": status}
        return web.json_response(error, status=status)

    return act


def busy_for(ids: Collection[str], status: int = 429) -> Act:
    """Do what is asked, except for these items."""

    async def act(proxy: SearchProxy, request: web.Request, body: bytes) -> web.Response:
        asked = items(body)
        done = [line for name, lines in asked if name not in ids for line in lines]
        answer: dict[str, Any] = {"items": [], "took": 1, "errors": False}
        if done:
            passed = await proxy.passed_on(request, b"\n".join(done) + b"\n")
            answer = json.loads(passed.text or "")
        rows = iter(answer["items"])
        error = {"type": "es_rejected_execution_exception", "reason": "rejected: some words of a call"}
        refused = {"status": status, "error": error}
        told = [{"index": {"_id": name, **refused}} if name in ids else next(rows) for name, _ in asked]
        return web.json_response({"took": 1, "errors": True, "items": told})

    return act


async def cut(_: SearchProxy, request: web.Request, __: bytes) -> web.Response:
    """Do nothing and hang up."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def done_and_cut(proxy: SearchProxy, request: web.Request, body: bytes) -> web.Response:
    """Do what is asked, and hang up instead of saying so."""
    await proxy.passed_on(request, body)
    return await cut(proxy, request, body)
