"""Every line that a run writes keeps to the table in ARCHITECTURE.md."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from common.instruments import instruments
from common.pipeline import INGEST
from faststream_sqs import TestSQSBroker
from ingest.app import create_app
from ingest_scene import Outside, door_settings, serving, wav
from prometheus_client import CollectorRegistry

TABLE = Path(__file__).parents[2] / "ARCHITECTURE.md"
ALWAYS = {"timestamp", "level", "name", "message", "service", "version"}
WORDS = "what did Anna say about her pension"


def documented() -> set[str]:
    """The fields of the table under "Log lines"."""
    section = TABLE.read_text("utf-8").split("## Log lines")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row.split("|")[1])}


@asynccontextmanager
async def opened() -> AsyncIterator[httpx.AsyncClient]:
    """The door on fakes, its stage behind it; opened within a test, whose output is its own."""
    settings = door_settings()
    outside = Outside(settings)
    app = create_app(
        settings, outside.open, using=instruments(INGEST, settings, registry=CollectorRegistry())
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        TestSQSBroker(app.state.broker),
        serving(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


def written(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the services logged; the tests' own HTTP client is none of them."""
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return [line for line in lines if line["name"] != "httpx"]


async def upload(door: httpx.AsyncClient) -> str:
    """Hand a recording in, and learn its call's id."""
    answer = await door.post("/api/v1/calls/upload", files={"file": ("Anna_Smith.wav", wav(), "audio/wav")})
    found: str = answer.json()["call_id"]
    return found


async def test_a_run_keeps_to_the_table(capfd: pytest.CaptureFixture[str]) -> None:
    """Completed, failed and refused alike: the fields every line has, and none that nobody described."""
    async with opened() as door:
        call_id = await upload(door)
        await door.get(f"/api/v1/calls/{call_id}")
        await door.get("/api/v1/search", params={"q": WORDS})
        await door.get(f"/api/v1/calls/{WORDS}")
        await door.get(f"/{WORDS}")

    lines = written(capfd)
    assert {"http.request", "message.processed"} <= {line["message"] for line in lines}
    assert set() == {name for line in lines for name in line} - documented()
    assert [set()] * len(lines) == [ALWAYS - line.keys() for line in lines]


async def test_the_canonical_line_says_what_it_took(capfd: pytest.CaptureFixture[str]) -> None:
    """Outcome, times and attempt, within the trace that the upload's own line carries."""
    async with opened() as door:
        call_id = await upload(door)

    lines = written(capfd)
    # The broker under test also plays the next stage's queue, by a message of its own.
    *_, done = [line for line in lines if line["message"] == "message.processed"]
    (asked,) = [line for line in lines if line["message"] == "http.request"]
    assert ("completed", call_id, 1, 1) == tuple(
        done[name] for name in ("outcome", "call_id", "attempt", "receive_count")
    )
    assert {"duration_ms", "queue_wait_ms", "message_id", "tenant_id", "stage"} <= done.keys()
    assert (asked["trace_id"], False) == (done["trace_id"], asked["span_id"] == done["span_id"])


async def test_an_access_line_holds_nothing_its_sender_typed(capfd: pytest.CaptureFixture[str]) -> None:
    """Routes by their templates: no query, no path, no name of a file, no address."""
    async with opened() as door:
        call_id = await upload(door)
        await door.get(f"/api/v1/calls/{call_id}")
        await door.get("/api/v1/search", params={"q": WORDS})
        await door.get(f"/api/v1/calls/{WORDS}")
        await door.get(f"/{WORDS}")
        await door.request("BREW", "/api/v1/health")
        await door.get("/health/live")

    lines = [line for line in written(capfd) if line["message"] == "http.request"]
    assert [
        ("POST", "/api/v1/calls/upload", 201, None),
        ("GET", "/api/v1/calls/{call_id}", 200, call_id),
        ("GET", "/api/v1/search", 200, None),
        ("GET", "/api/v1/calls/{call_id}", 422, None),
        ("GET", "unmatched", 404, None),
        ("OTHER", "/api/v1/health", 405, None),
    ] == [(one["method"], one["route"], one["status"], one.get("call_id")) for one in lines]
    assert not re.search("pension|Anna|127.0.0.1", json.dumps(lines))


async def test_requests_are_timed_by_route_and_class_of_status() -> None:
    """Labels are few, whatever is asked."""
    async with opened() as door:
        await upload(door)
        await door.get("/api/v1/calls/nobody")
        for number in range(3):
            await door.get(f"/stray/{number}")
        scrape = (await door.get("/metrics")).text
    counts = re.findall(r"^http_server_request_duration_seconds_count\{(.*)\} (\S+)$", scrape, re.MULTILINE)
    assert [
        ('method="GET",route="/api/v1/calls/{call_id}",status="4xx"', "1.0"),
        ('method="GET",route="unmatched",status="4xx"', "3.0"),
        ('method="POST",route="/api/v1/calls/upload",status="2xx"', "1.0"),
    ] == sorted(counts)
