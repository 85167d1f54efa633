"""An upload is one trace, whichever of the bucket's notice and the door's event is first."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx
import pytest
from common.instruments import instruments
from common.model import ObjectRef
from common.pipeline import INGEST, PIPELINE
from door_fakes import FakeBucket
from faststream_sqs import FakeSQS
from ingest.app import create_app
from ingest_scene import Outside, door_settings, serving, wav
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from waiting import until

UPLOAD = "POST /api/v1/calls/upload"


class NoticingBucket(FakeBucket):
    """Its notice of a recording is handled before its writer goes on."""

    def __init__(self, sqs: FakeSQS) -> None:
        super().__init__()
        self._sqs = sqs

    async def put_file(self, ref: ObjectRef, file: BinaryIO, content_type: str) -> ObjectRef:
        stored = await super().put_file(ref, file, content_type)
        self._sqs.put("ingest", json.dumps(notice(stored)))
        await until(self._announced, 20, what="the notice is handled")
        return stored

    async def _announced(self) -> bool:
        return bool(self._sqs.messages("transcribe")) and not self._sqs.messages("ingest")


def notice(ref: ObjectRef) -> dict[str, Any]:
    found = {"bucket": {"name": ref.bucket}, "object": {"key": ref.key, "eTag": ref.etag, "size": 1}}
    record = {"eventSource": "aws:s3", "eventVersion": "2.1", "eventName": "ObjectCreated:Put", "s3": found}
    return {"Records": [record]}


@dataclass
class Traced:
    """The door and its stage on one fake SQS, and the spans they made."""

    client: httpx.AsyncClient
    sqs: FakeSQS
    exporter: InMemorySpanExporter

    async def hand_in(self) -> tuple[ReadableSpan, ...]:
        """Every span, once the recording's notice and event have both been handled."""
        file = {"file": ("call.wav", wav(), "audio/wav")}
        assert 201 == (await self.client.post("/api/v1/calls/upload", files=file)).status_code

        async def over() -> bool:
            done = [one.name for one in self.exporter.get_finished_spans()]
            return not self.sqs.messages("ingest") and done.count("process ingest") == 2

        await until(over, 20, what="both are handled")
        return self.exporter.get_finished_spans()


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    sqs, exporter = FakeSQS(), InMemorySpanExporter()
    urls = {f"sqs_{stage.name}_queue_url": sqs.add_queue(stage.name) for stage in PIPELINE}
    settings = door_settings(sqs_wait_seconds=1, sweep_seconds=0).model_copy(update=urls)
    outside = Outside(settings, bucket=NoticingBucket(sqs))
    using = instruments(
        INGEST, settings, registry=CollectorRegistry(), processors=[SimpleSpanProcessor(exporter)]
    )
    app = create_app(settings, outside.open, using=using)
    app.state.broker.config.broker_config.client_factory = sqs.client
    async with AsyncExitStack() as life:
        await life.enter_async_context(serving(app))
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
        yield Traced(await life.enter_async_context(client), sqs, exporter)


async def test_a_notice_that_is_first_goes_on_with_the_uploads_trace(traced: Traced) -> None:
    """The call is announced in it; the event, coming second, is in it anyhow."""
    spans = await traced.hand_in()
    traces = {one.name: one.context.trace_id for one in spans if one.context}

    assert {UPLOAD, "process ingest", "send transcribe", "send ingest"} == set(traces)
    assert {traces[UPLOAD]} == {one.context.trace_id for one in spans if one.context}
    (message,) = traced.sqs.messages("transcribe")
    sent = message.entry["MessageAttributes"]["traceparent"]["StringValue"]
    assert f"{traces[UPLOAD]:032x}" == sent.split("-")[1]


async def test_the_span_that_goes_on_is_whole(traced: Traced) -> None:
    """A child of the upload, with the call's id and the outcome, and the parent of what it announces."""
    spans = await traced.hand_in()
    by_id = {one.context.span_id: one for one in spans if one.context}
    (sending,) = [one for one in spans if one.name == "send transcribe"]

    assert sending.parent is not None
    processing = by_id[sending.parent.span_id]
    assert processing.parent is not None
    assert ("process ingest", UPLOAD) == (processing.name, by_id[processing.parent.span_id].name)
    told = processing.attributes or {}
    assert ("completed", True) == (told["callstream.outcome"], "callstream.call_id" in told)


async def test_a_trace_is_no_metadata(traced: Traced) -> None:
    """Nobody's call says ``traceparent``."""
    await traced.hand_in()
    (call,) = (await traced.client.get("/api/v1/calls")).json()["calls"]
    shown = (await traced.client.get(f"/api/v1/calls/{call['call_id']}")).json()

    assert "traceparent" not in json.dumps(shown)
