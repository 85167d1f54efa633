"""The local rules behind their HTTP face, in this process, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from onebox.models import weights
from onebox.models.chat import Assistant, understand
from onebox.models.errors import openai_errors
from onebox.models.minilm import SentenceEncoder
from onebox.process import LOOPBACK

from evals.asking import Asked

MODEL = "local-rules"


@asynccontextmanager
async def running_rules() -> AsyncIterator[Asked]:
    """Serve the rules; yields how they are asked."""
    assistant = Assistant(SentenceEncoder(weights.minilm()))

    async def complete(request: web.Request) -> web.Response:
        asked = understand(await request.json())
        return web.json_response(await asyncio.to_thread(assistant.answer, asked))

    app = web.Application(middlewares=[openai_errors], client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        port = runner.addresses[0][1]
        yield Asked(model=MODEL, base_url=f"http://{LOOPBACK}:{port}/v1", api_key="local")
    finally:
        await runner.cleanup()
