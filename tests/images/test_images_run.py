"""The images do in a locked-down container what the services do outside."""

import asyncio
import json
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from onebox.door import open_door
from onebox.expectations import sample, shortcomings
from shipped import GRACE, MODELS, SERVICES, Engine, Shipped, image
from waiting import until_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTES = 600.0  # seconds; real speech recognition on a busy machine
PACKAGES = {"ingest-api": "ingest"}  # where the package is not called as the image is

every_service = pytest.mark.parametrize("service", SERVICES)


@every_service
async def test_a_service_answers_its_probes_and_stops_in_time(
    service: str, engine: Engine, around: Mapping[str, str], tmp_path: Path
) -> None:
    """Ready, alive and measured without a capability or a writable root; told to stop, it ends with 0."""
    async with engine.running(service, around, tmp_path) as shipped:
        assert [200, 200, 200] == await answers(shipped, "/health/live", "/health/ready", "/metrics")
        code, seconds = await stopped(shipped, GRACE[service])

    assert 0 == code
    assert seconds < GRACE[service]


async def test_a_call_goes_through_all_of_them(
    engine: Engine, around: Mapping[str, str], tmp_path: Path
) -> None:
    """A recording handed to the API's image is heard, analysed and found by the others, with no key."""
    expected = sample("product_demo")
    async with AsyncExitStack() as life:
        door_only = {**around, "INGEST_CONSUMER": "false"}
        api = await life.enter_async_context(engine.running("ingest-api", door_only, tmp_path))
        for service in SERVICES[1:]:
            await life.enter_async_context(engine.running(service, around, tmp_path))
        door = await life.enter_async_context(open_door(api.url))
        call = await until_terminal(door, await door.hand_in(expected.recording), MINUTES)
        hits = await door.search(expected.script["phrases"][0]["text"])

    assert [] == shortcomings(call, expected)
    assert call["call_id"] == hits[0]["call_id"]


async def test_the_models_stop_in_time(engine: Engine, tmp_path: Path) -> None:
    """The model server of the offline profile ends with 0, too."""
    command = ("python", "-m", "onebox.models", "--port", "{port}")
    async with engine.running(MODELS, {}, tmp_path, *command, ready="/health") as models:
        code, seconds = await stopped(models, GRACE[MODELS])

    assert 0 == code
    assert seconds < GRACE[MODELS]


@every_service
async def test_an_image_holds_its_own_service_and_no_tool(service: str, engine: Engine) -> None:
    """No other service, no stand-in, nothing that only developers need."""
    unwanted = (
        "ingest",
        "transcriber",
        "analyzer",
        "embedder",
        "onebox",
        "pytest",
        "mypy",
        "moto",
        "uv",
        "hypothesis",
    )
    look = f"import importlib.util as u; print([name for name in {unwanted} if u.find_spec(name)])"

    assert str([PACKAGES.get(service, service)]) == await engine.inside(service, look)


@every_service
async def test_an_image_runs_as_nobody_in_particular(service: str, engine: Engine) -> None:
    """Its uid is not root's, and what it runs from is not its own to change."""
    look = "import os; print(os.getuid(), os.getgid(), os.access('/app/.venv', os.W_OK))"

    assert "10001 10001 False" == await engine.inside(service, look)


@every_service
async def test_an_image_says_what_it_is(service: str, engine: Engine) -> None:
    """Name, licence, version and revision are labels."""
    labels = json.loads(
        await engine.output("image", "inspect", "--format", "{{json .Config.Labels}}", image(service))
    )
    told = {name.removeprefix("org.opencontainers.image.") for name in labels}

    assert image(service) == labels["org.opencontainers.image.title"]
    assert {"title", "description", "licenses", "version", "revision"} <= told


@every_service
async def test_no_image_remembers_where_its_packages_came_from(service: str, engine: Engine) -> None:
    """Neither an index nor its password is in a layer's command, the configuration or a file."""
    history = await engine.output("history", "--no-trunc", "--format", "{{.CreatedBy}}", image(service))
    places = ("/etc/pip.conf", "/etc/uv/uv.toml", "/src", "/uv")
    look = f"import os; print([place for place in {places} if os.path.exists(place)])"

    assert "[]" == await engine.inside(service, look)
    assert [] == [word for word in ("INDEX", "TOKEN", "PASSWORD", "://") if word in history]


async def answers(shipped: Shipped, *paths: str) -> list[int]:
    """The status of each answer."""
    async with httpx.AsyncClient(base_url=shipped.url, timeout=10) as client:
        return [(await client.get(path)).status_code for path in paths]


async def stopped(shipped: Shipped, grace: float) -> tuple[int, float]:
    """SIGTERM, as an engine sends it: the exit code, and the seconds it took."""
    started = time.monotonic()
    shipped.process.signal(signal.SIGTERM)
    code = await asyncio.wait_for(shipped.process.exited(), grace)
    return code, time.monotonic() - started
