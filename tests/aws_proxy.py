"""Between a worker and SQS and S3: passed on, told as steps, and receipts noted to pass time with."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from steps import Killed, Steps

_HOP_BY_HOP = {"transfer-encoding", "content-length", "connection", "content-encoding"}


@dataclass
class AwsProxy:
    """One way to one server of both."""

    upstream: str
    steps: Steps
    session: aiohttp.ClientSession
    receipts: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """The newest receipt handle of each message that was received, by queue and message id."""
    under_way: Counter[str] = field(default_factory=Counter)
    """Requests by queue; a dead worker's poll may still be handed a message."""

    async def handle(self, request: web.Request) -> web.Response:
        """Pass a request on, unless it is the worker's last."""
        action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            self._before(request, action)
        except Killed:
            return web.Response(status=500)  # nobody is there to read it
        queue = name_of(json.loads(await request.read())["QueueUrl"]) if action.endswith("Message") else ""
        self.under_way[queue] += 1
        try:
            answer = await self._passed_on(request)
        finally:
            self.under_way[queue] -= 1
        if action == "ReceiveMessage":
            self._note(queue, answer)
        return answer

    def _before(self, request: web.Request, action: str) -> None:
        if not action and request.method == "GET" and request.path.count("/") > 1:
            self.steps.at("received")  # it fetches the recording
        if action.startswith("DeleteMessage"):
            self.steps.at("announced")

    async def _passed_on(self, request: web.Request) -> web.Response:
        async with self.session.request(
            request.method,
            f"{self.upstream}{request.raw_path}",
            headers=request.headers,
            data=await request.read(),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
        ) as answer:
            if request.method == "HEAD":  # its length is that of what is not sent
                return web.Response(status=answer.status, headers=answer.headers)
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    def _note(self, queue: str, answer: web.Response) -> None:
        assert isinstance(answer.body, bytes)
        received: dict[str, Any] = json.loads(answer.body or b"{}")
        for message in received.get("Messages") or ():
            self.receipts[queue][message["MessageId"]] = message["ReceiptHandle"]


def name_of(queue: str) -> str:
    """A queue's name: whoever asks through a proxy may know it by another address."""
    return queue.rstrip("/").rpartition("/")[2]


@asynccontextmanager
async def aws_proxy(upstream: str, steps: Steps) -> AsyncIterator[tuple[AwsProxy, str]]:
    """A way to the server at *upstream* that leads past *steps*, and its URL."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        proxy = AwsProxy(upstream.rstrip("/"), steps, session)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield proxy, f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
