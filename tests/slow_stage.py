"""A stage that never gets done, for tests that run it as a process of its own."""

import asyncio
from contextlib import nullcontext

from common.app import StageSettings, consumer
from common.events import CallTranscribed
from common.pipeline import ANALYZE
from fakes import FakeJournal
from faststream.asgi import AsgiFastStream
from faststream_sqs import SQSRouter


def create_app() -> AsgiFastStream:
    """The stage, in its usual wrapping."""
    router = SQSRouter()

    @router.subscriber(ANALYZE.queue)
    async def analyze(event: CallTranscribed) -> None:
        await asyncio.Event().wait()

    return consumer(ANALYZE, StageSettings.read(), router, nullcontext({"journal": FakeJournal()}))
