"""What the doctor says of a provider of models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from common.ctl.exam_provider import provider as examined
from common.provider_settings import AnalysisSettings


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """The application's address, as long as it is needed."""
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@pytest.fixture
async def listing() -> AsyncIterator[str]:
    """A server that lists its models and answers no question about one of them, as small ones do."""

    async def models(_request: web.Request) -> web.Response:
        listed = [{"id": "small", "object": "model", "created": 0, "owned_by": "local"}]
        return web.json_response({"object": "list", "data": listed})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    async with serving(app) as url:
        yield url


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """A server that tells nothing of its models."""
    async with serving(web.Application()) as url:
        yield url


async def told(url: str, model: str) -> tuple[str, str]:
    settings = AnalysisSettings(analysis_base_url=url, analysis_api_key="any", analysis_model=model)
    (finding,) = await examined(settings, "analysis")
    return finding.state, finding.told


async def test_a_model_that_is_listed_is_known(listing: str) -> None:
    """Whoever does not answer about one model is asked for the list."""
    assert ("ok", "knows small") == await told(listing, "small")


async def test_a_model_that_is_not_listed_is_doubtful(listing: str) -> None:
    """It may be served all the same."""
    assert ("warn", "lists no model large") == await told(listing, "large")


async def test_a_server_without_a_list_is_doubtful(silent: str) -> None:
    """A warning, and not a failure."""
    assert ("warn", "lists no model small") == await told(silent, "small")
