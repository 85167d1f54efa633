"""docker-compose.yml: what the services are told in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import ingest.settings
import pytest
from common.settings import ServiceSettings
from composed import PARTS, told
from onebox.contracts import ROOT, SETTINGS
from onebox.dev import read_env
from onebox.providers import PURPOSES, local_variables
from onebox.settings_page import collect
from shipped import SERVICES

READERS: Mapping[str, type[ServiceSettings]] = {
    **SETTINGS,
    "ingest": ingest.settings.Settings,
    "ingest-api": ingest.settings.DoorSettings,
}
READ_BY_OTHERS = {
    "AWS_ACCESS_KEY_ID": "the AWS SDK",
    "AWS_SECRET_ACCESS_KEY": "the AWS SDK",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "the OpenTelemetry SDK",
    "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": "the HTTP server",
}
PROFILES = sorted((ROOT / "deploy" / "compose").glob("*.env"))

every_service = pytest.mark.parametrize("service", SERVICES)


def hosts(environment: Mapping[str, str]) -> Iterator[str]:
    """The machines that an environment names."""
    for name, value in environment.items():
        if "://" in value:
            yield str(urlsplit(value).hostname)
        elif name == "REDIS_ENDPOINT":
            yield value.partition(":")[0]


@every_service
def test_a_service_is_told_nothing_that_it_would_not_read(service: str) -> None:
    """Every variable is a setting of some service, or a vendor's own."""
    settings = {name for variable in collect(SETTINGS) for name in (variable.name, *variable.aliases)}

    assert set() == set(told(service)) - settings - set(READ_BY_OTHERS)


@every_service
def test_a_service_is_told_all_it_needs_but_the_key(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a provider's key and nothing else chosen, the settings can be read."""
    for name, value in told(service, OPENAI_API_KEY="a key").items():
        monkeypatch.setenv(name, value)

    assert isinstance(READERS[service].read(), READERS[service])


@every_service
def test_a_service_is_told_only_of_its_neighbours(service: str) -> None:
    """Every address is that of another part, by its name or an alias."""
    networks = [part["networks"]["default"] for part in PARTS.values() if "networks" in part]
    names = set(PARTS) | {alias for network in networks for alias in network["aliases"]}

    assert set() == set(hosts(told(service))) - names


def test_everybody_is_told_the_same_but_for_their_own_life() -> None:
    """Services differ in how long they drain, and the API in being a door."""
    stopping = {"DRAIN_SECONDS", "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"}
    own = stopping | {"INGEST_CONSUMER", "AUTH"}

    shared = [
        {name: value for name, value in told(service).items() if name not in own} for service in SERVICES
    ]

    assert [] == [service for service in SERVICES if shared[0] != shared[SERVICES.index(service)]]
    assert {"INGEST_CONSUMER": "false", "AUTH": "none"} == {
        name: value for name, value in told("ingest-api").items() if name in own - stopping
    }


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_what_a_profile_sets_reaches_the_services(path: Path) -> None:
    """Each variable of deploy/compose is one that docker-compose.yml passes on."""
    chosen = read_env(path.read_text("utf-8"))
    passed = told("transcriber", **chosen)

    assert chosen == {name: passed[name] for name in chosen}


def test_the_profile_offline_asks_nobody_outside() -> None:
    """The models are those of the one-machine stack, and no purpose has a provider of its own."""
    chosen = read_env((ROOT / "deploy" / "compose" / "offline.env").read_text("utf-8"))
    local = local_variables(PURPOSES, "http://models:8000")
    models = {name: value for name, value in local.items() if name.endswith("_MODEL")}
    others = {name: "" for name in local if not name.endswith("_MODEL")}

    providers = {"OPENAI_BASE_URL": "http://models:8000/v1", "OPENAI_API_KEY": "local", **models, **others}
    assert providers == {name: value for name, value in chosen.items() if not name.startswith("CUT_")}
