"""What a scrape shows after messages of each outcome, and that no label can grow without end."""

import ast
import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from common import metrics, reasons
from common.account import current
from common.app import StageSettings, consumer
from common.errors import Claimed, Permanent, Transient
from common.events import CallTranscribed
from common.instruments import Instruments, instruments, introduce
from common.metrics import metrics_on
from common.model import Work
from common.pipeline import ANALYZE, INGEST, TRANSCRIBE
from common.provider_settings import AnalysisSettings, TranscriptionSettings
from contract.harness import Running, golden, running
from fakes import FakeJournal
from faststream.asgi import AsgiFastStream
from faststream_sqs import SQSRouter
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

EVENT = golden("call.transcribed.v1")
ROOT = Path(__file__).parents[3]
PAID = Work(
    provider="openai", model="gpt-6-luna-2026", cost_usd=0.25, requests=1, input_tokens=90, output_tokens=10
)


@dataclass
class Desk:
    """A stage whose work is what the test says, and what a scraper sees of it."""

    stage: Running
    app: AsgiFastStream
    work: list[Callable[[], None]] = field(default_factory=list)

    async def deliver(self, *work: Callable[[], None]) -> None:
        """A message for each piece of work."""
        self.work += work
        for _ in work:
            await self.stage.receive(EVENT)

    async def scrape(self, name: str, *by: str) -> dict[tuple[str, ...], float]:
        """The samples of one metric, by these labels."""
        samples = await _samples(self.app, name)
        return {tuple(labels[one] for one in by): value for labels, value in samples}


async def _samples(app: AsgiFastStream, name: str) -> list[tuple[dict[str, str], float]]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://stage") as client:
        text = (await client.get("/metrics")).text
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    ]


def using(**chosen: object) -> tuple[StageSettings, Instruments]:
    """Settings, and instruments of a registry of their own."""
    settings = StageSettings.model_validate({"aws_region": "us-east-1", **chosen})
    return settings, instruments(ANALYZE, settings, registry=CollectorRegistry())


@asynccontextmanager
async def opened(**chosen: object) -> AsyncIterator[Desk]:
    settings, own = using(**chosen)
    router = SQSRouter()
    work: list[Callable[[], None]] = []

    @router.subscriber(ANALYZE.queue)
    async def analyze(event: CallTranscribed) -> None:
        work.pop(0)()

    resources: AbstractAsyncContextManager[dict[str, object]] = nullcontext({"journal": FakeJournal()})
    app = consumer(ANALYZE, settings, router, resources, using=own)
    async with running(app, ANALYZE) as stage:
        yield Desk(stage, app, work)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with opened(tenant_classes={"acme": "gold"}) as desk:
        yield desk


def done() -> None:
    """Work that comes to its end."""


def failing(error: BaseException) -> Callable[[], None]:
    """Work that fails."""

    def fail() -> None:
        raise error

    return fail


def paying(outcome: BaseException | None = None) -> Callable[[], None]:
    """Work that pays for an answer, and then fails or not."""

    def pay() -> None:
        account = current()
        assert account is not None
        account.asked("openai", "gpt-6-luna", "ok", 1.5)
        account.paid("gpt-6-luna", PAID)
        if outcome:
            raise outcome

    return pay


async def test_each_outcome_is_counted_with_its_reason(desk: Desk) -> None:
    """A delivery is counted once, under what became of it."""
    await desk.deliver(
        done,
        done,
        failing(Transient("busy", reason="provider_busy")),
        failing(Claimed("elsewhere")),
        failing(Permanent("no", reason="unreadable_audio")),
        failing(Permanent("no", reason="index_refused")),
        failing(ZeroDivisionError()),
    )

    expected = {
        ("analyze", "completed", ""): 2,
        ("analyze", "retried", "provider_busy"): 1,
        ("analyze", "postponed", "claimed"): 1,
        ("analyze", "failed", "unreadable_audio"): 1,
        ("analyze", "failed", "index_refused"): 1,
        ("analyze", "retried", "internal_error"): 1,
    }
    assert expected == await desk.scrape("pipeline_outcomes_total", "stage", "outcome", "reason")
    assert expected == await desk.scrape(
        "messaging_process_duration_seconds_count", "stage", "outcome", "error_type"
    )


async def test_a_customers_fault_is_told_from_ours(desk: Desk) -> None:
    """An unreadable recording wakes nobody."""
    await desk.deliver(
        failing(Permanent("no", reason="unreadable_audio")), failing(Permanent("no", reason="index_refused"))
    )

    assert {
        ("analyze", "unreadable_audio", "customer"): 1,
        ("analyze", "index_refused", "ours"): 1,
    } == await desk.scrape("pipeline_dlq_messages_total", "stage", "reason", "fault")


async def test_a_stop_in_mid_work_is_counted_as_released(desk: Desk) -> None:
    """A cancelled delivery is no failure."""
    await desk.deliver(done)
    desk.work.append(failing(asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await desk.stage.receive(EVENT)

    assert (
        1
        == (await desk.scrape("pipeline_outcomes_total", "stage", "outcome", "reason"))[
            "analyze", "released", ""
        ]
    )
    assert {("analyze",): 0} == await desk.scrape("pipeline_inflight_messages", "stage")


async def test_a_call_is_fresh_once(desk: Desk) -> None:
    """A repeated delivery of a finished call says nothing of how fresh calls are."""
    await desk.deliver(done, done)

    assert {("analyze",): 1} == await desk.scrape("pipeline_end_to_end_seconds_count", "stage")
    assert {("analyze",): 2} == await desk.scrape("pipeline_queue_wait_seconds_count", "stage")


async def test_what_was_paid_is_counted_by_model_and_class_of_tenant(desk: Desk) -> None:
    """Paid is paid: work that fails afterwards is counted, too."""
    await desk.deliver(paying(), paying(Permanent("no", reason="provider_refused")))

    assert {("analyze", "gpt-6-luna", "gold"): 0.5} == await desk.scrape(
        "provider_cost_usd_total", "stage", "model", "tenant_class"
    )
    assert {
        ("analyze", "gpt-6-luna", "input"): 180,
        ("analyze", "gpt-6-luna", "output"): 20,
    } == await desk.scrape("provider_tokens_total", "stage", "model", "kind")
    assert {("analyze", "openai", "gpt-6-luna", "ok"): 2} == await desk.scrape(
        "provider_requests_total", "stage", "provider", "model", "outcome"
    )


async def test_a_tenant_nobody_classed_is_standard() -> None:
    """A stranger's name never becomes a label."""
    async with opened() as desk:
        await desk.deliver(paying())

        assert {("analyze", "gpt-6-luna", "standard"): 0.25} == await desk.scrape(
            "provider_cost_usd_total", "stage", "model", "tenant_class"
        )


async def test_version_and_limit_are_known_before_the_first_message(desk: Desk) -> None:
    """What a dashboard divides by is there from the start."""
    assert {("analyze",): 2} == await desk.scrape("pipeline_concurrency_limit", "stage")
    assert {("analyzer",): 1} == await desk.scrape("build_info", "service")


@pytest.mark.parametrize(
    ("today", "warned"), [(date(2026, 11, 22), True), (date(2026, 10, 1), False), (date(2027, 2, 1), True)]
)
def test_a_models_end_is_announced(
    today: date, *, warned: bool, capfd: pytest.CaptureFixture[str], registry: CollectorRegistry
) -> None:
    """As a date for alerts, and as a warning at start within ninety days."""

    class Settings(StageSettings, AnalysisSettings):
        """Asks a model that is shut down on 2027-01-14."""

    chosen = Settings.model_validate({"aws_region": "us-east-1", "analysis_model": "gpt-4o"})
    introduce(ANALYZE, chosen, metrics_on(registry), lambda: today)

    end = datetime(2027, 1, 14, tzinfo=UTC).timestamp()
    labels = {"stage": "analyze", "model": "gpt-4o"}
    assert end == registry.get_sample_value("model_end_of_life_timestamp_seconds", labels)
    assert warned == ("model.retires" in capfd.readouterr().out)


def test_a_model_without_an_end_has_no_sample(registry: CollectorRegistry) -> None:
    """A date nobody announced is not made up."""

    class Settings(StageSettings, TranscriptionSettings):
        """Asks the model of the day."""

    introduce(
        TRANSCRIBE,
        Settings.model_validate({"aws_region": "us-east-1"}),
        metrics_on(registry),
        lambda: date(2026, 11, 22),
    )

    labels = {"stage": "transcribe", "model": "gpt-transcribe"}
    assert registry.get_sample_value("model_end_of_life_timestamp_seconds", labels) is None


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_a_registry_takes_each_name_once(registry: CollectorRegistry) -> None:
    """Two applications in one process share what they count into."""
    assert metrics_on(registry) is metrics_on(registry)


def _reasons_written() -> Iterator[str]:
    """Every reason that the code gives a failure."""
    sources = [*ROOT.glob("services/*/src"), ROOT / "libs" / "common" / "src"]
    for path in (file for source in sources for file in source.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Permanent" | "Transient" | "Claimed"), keywords=given):
                    found = [one.value for one in given if one.arg == "reason"]
                case ast.Assign(targets=[ast.Name(id="default_reason")], value=value):
                    found = [value]
                case _:
                    found = []
            yield from (str(one.value) for one in found if isinstance(one, ast.Constant))


def test_every_reason_in_the_code_is_in_the_table() -> None:
    """A reason nobody classed would hide among others."""
    written = set(_reasons_written())

    assert len(written) > 20
    assert set() == written - reasons.REASONS.keys()


def test_a_reason_from_elsewhere_is_no_label() -> None:
    """Whatever the table does not hold is one label, and ours to look into."""
    assert ("", "other", "timeout") == (
        reasons.label(None),
        reasons.label("words of a caller"),
        reasons.label("timeout"),
    )
    assert ("ours", "customer") == (reasons.fault("words of a caller"), reasons.fault("empty_file"))


def test_no_metric_is_labelled_by_an_id(registry: CollectorRegistry) -> None:
    """Calls, tenants and messages are found in logs and traces; as labels they would never end."""
    metrics_on(registry)
    labels = {name for family in registry._collector_to_names for name in getattr(family, "_labelnames", ())}

    assert not {name for name in labels if re.search(r"(_id|tenant|path|url|key)$", name)}
    assert metrics.PROCESSING[-1] == 900


async def test_a_scraper_of_openmetrics_is_led_to_traces(desk: Desk) -> None:
    """Its histograms name the trace of an observation; the older format cannot."""
    await desk.deliver(done)

    transport = httpx.ASGITransport(desk.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://stage") as client:
        newer = await client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
        older = await client.get("/metrics")

    assert newer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    led = r'messaging_process_duration_seconds_bucket{[^}]*} 1.0 # {trace_id="[0-9a-f]{32}"}'
    assert (True, False) == (bool(re.search(led, newer.text)), "trace_id" in older.text)


def test_nothing_having_happened_is_a_number() -> None:
    """Before the first message a graph shows zero, not an empty panel."""
    registry = CollectorRegistry()
    settings = StageSettings.model_validate({"aws_region": "us-east-1"})
    introduce(INGEST, settings, metrics_on(registry), lambda: date(2026, 1, 1))

    known = {
        "pipeline_redeliveries_total": {"stage": "ingest"},
        "pipeline_outcomes_total": {"stage": "ingest", "outcome": "completed", "reason": ""},
        "pipeline_stuck_calls_total": {"stage": "embed", "action": "given_up"},
    }
    assert dict.fromkeys(known, 0.0) == {
        name: registry.get_sample_value(name, labels) for name, labels in known.items()
    }
