"""What every service's application promises whoever runs it, whichever stage it is."""

import asyncio
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
from faststream_sqs import SQSBroker, SQSRouter
from faststream_sqs.fake import FakeSQS
from waiting import until

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


async def test_live_asks_no_server(outside: Outside) -> None:
    """A queue that does not answer makes a process unready; a restart would not help it."""
    app = application(outside)
    assert isinstance(app.broker, SQSBroker)

    assert not await app.broker.ping()
    assert 200 == (await get(app, "/health/live")).status_code


async def test_ready_is_false_from_the_moment_a_drain_begins(outside: Outside) -> None:
    """No new work for who is leaving; what is at work is finished, and alive."""
    fake = FakeSQS()
    fake.add_queue("analyze")
    router, entered, leave = SQSRouter(), asyncio.Event(), asyncio.Event()

    @router.subscriber(ANALYZE.queue)
    async def analyze(event: CallTranscribed) -> None:
        entered.set()
        await leave.wait()

    settings = StageSettings.model_validate({"aws_region": "us-east-1", "sqs_wait_seconds": 1})
    app = consumer(ANALYZE, settings, router, outside.opened())
    assert isinstance(app.broker, SQSBroker)
    app.broker.config.broker_config.client_factory = fake.client
    async with app.lifespan_context():
        await app.broker.start()
        fake.put("analyze", json.dumps(EVENT))
        await asyncio.wait_for(entered.wait(), 10)
        before = await get(app, "/health/ready")
        stopping = asyncio.create_task(app.broker.stop())

        async def unready() -> bool:
            return (await get(app, "/health/ready")).status_code == 503

        await until(unready, 1, what="unready while it drains")
        live = await get(app, "/health/live")
        leave.set()
        await stopping

    assert (200, 200) == (before.status_code, live.status_code)


async def test_metrics_are_prometheus_text(outside: Outside) -> None:
    """In the format every scraper reads."""
    answer = await get(application(outside), "/metrics")

    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert "# HELP" in answer.text


@pytest.mark.parametrize(
    "name", ["sqs_requests", "messaging_process_duration_seconds", "provider_cost_usd", "process_cpu_seconds"]
)
async def test_every_service_exposes_every_metric(outside: Outside, name: str) -> None:
    """The broker's, the stage's, the provider's and the process's, from the start."""
    answer = await get(application(outside), "/metrics")

    assert f"# TYPE {name}" in answer.text


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
