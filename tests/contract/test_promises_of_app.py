"""What every service's application promises whoever runs it, whichever stage it is."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from common.app import StageSettings, consumer
from common.events import CallTranscribed
from common.pipeline import ANALYZE
from contract.harness import ACKED, golden, running
from fakes import FakeJournal
from faststream.asgi import AsgiFastStream
from faststream_sqs import SQSRouter

EVENT = golden("call.transcribed.v1")


class Outside:
    """Resources that know whether they are open."""

    def __init__(self) -> None:
        self.open = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[dict[str, object]]:
        self.open = True
        yield {"journal": FakeJournal(), "outside": self}
        self.open = False


@pytest.fixture
def outside() -> Outside:
    return Outside()


def application(outside: Outside, **chosen: object) -> AsgiFastStream:
    """A stage that does nothing, in its usual wrapping."""
    router = SQSRouter()

    @router.subscriber(ANALYZE.queue)
    async def analyze(event: CallTranscribed) -> None:
        assert outside.open

    settings = StageSettings.model_validate({"aws_region": "us-east-1", **chosen})
    return consumer(ANALYZE, settings, router, outside.opened())


async def get(app: AsgiFastStream, path: str) -> httpx.Response:
    """Ask the application over HTTP."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stage") as client:
        return await client.get(path)


async def test_resources_live_as_long_as_the_application(outside: Outside) -> None:
    """Opened before the first message, closed after the last."""
    assert not outside.open
    async with running(application(outside), ANALYZE) as stage:
        assert await stage.receive(EVENT) == ACKED
    assert not outside.open


async def test_a_running_service_is_live_and_ready(outside: Outside) -> None:
    """Both are spelled the same for every service."""
    app = application(outside)
    async with running(app, ANALYZE) as stage:
        stage.broker.running = True
        answers = [await get(app, f"/health/{question}") for question in ("live", "ready")]

    assert [(200, "live: true\n"), (200, "ready: true\n")] == [(a.status_code, a.text) for a in answers]


async def test_a_service_that_was_not_started_is_not_ready(outside: Outside) -> None:
    """No traffic before there is somebody to take it."""
    answer = await get(application(outside), "/health/ready")

    assert (503, "ready: false\n") == (answer.status_code, answer.text)


async def test_metrics_are_prometheus_text(outside: Outside) -> None:
    """In the format every scraper reads."""
    answer = await get(application(outside), "/metrics")

    assert (200, "text/plain; version=0.0.4") == (answer.status_code, answer.headers["content-type"])
    assert "# HELP" in answer.text


async def test_one_line_says_what_became_of_a_message(
    outside: Outside, capfd: pytest.CaptureFixture[str]
) -> None:
    """Outcome, call, stage, attempt and how long it took, in one JSON object."""
    async with running(application(outside), ANALYZE) as stage:
        await stage.receive(EVENT)

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line["message"] == "message.processed"]
    assert ("completed", "c-42", "acme", "analyze", 1) == tuple(
        line[name] for name in ("outcome", "call_id", "tenant_id", "stage", "attempt")
    )
    assert (line["service"], line["level"]) == ("analyzer", "INFO")
    assert line["duration_ms"] >= 0


async def test_a_process_ends_itself_after_so_many_messages(outside: Outside) -> None:
    """By the signal its platform would send, so that it drains as always."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        async with running(application(outside, max_messages_per_process=3), ANALYZE) as stage:
            for _ in range(4):
                await stage.receive(EVENT)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert [signal.SIGTERM] == heard
