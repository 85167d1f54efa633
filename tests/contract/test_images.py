"""The Dockerfile, and what it may be built from."""

import asyncio
import importlib
import re
import sys
from pathlib import Path

import pytest
from onebox.contracts import ROOT
from shipped import MODELS, SERVICES

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
TEXT = DOCKERFILE.read_text("utf-8")
APPLICATIONS = dict(re.findall(r"^FROM service AS (\S+)\nENV UVICORN_APP=(\S+)$", TEXT, re.MULTILINE))
MOUNTS = [dict(part.split("=") for part in found.split(",")) for found in re.findall(r"--mount=(\S+)", TEXT)]


def assigned(name: str, text: str) -> str:
    """What a variable of the Dockerfile or the Makefile is set to."""
    found = re.search(rf"^(?:ARG )?{name} ?:?= ?(\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not set"
    return found[1]


async def test_hadolint_finds_nothing() -> None:
    """The linter, and the shell's linter in it, have no complaint."""
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("NOT CHECKED: hadolint is not installed here")
    process = await asyncio.create_subprocess_exec(linter, DOCKERFILE, stdout=asyncio.subprocess.PIPE)

    assert b"" == (await process.communicate())[0]
    assert 0 == process.returncode


def test_every_service_has_an_image_of_its_own() -> None:
    """The four stages and the API each have a target that is called as they are; so have the local models."""
    assert set(SERVICES) == set(APPLICATIONS)
    assert f"\nFROM bare AS {MODELS}\n" in TEXT


@pytest.mark.parametrize("service", SERVICES)
def test_what_an_image_serves_exists(service: str) -> None:
    """Each image names an application that its package has."""
    module, _, factory = APPLICATIONS[service].partition(":")

    assert callable(getattr(importlib.import_module(module), factory))


def test_only_the_api_opens_the_door() -> None:
    """The image of the ingest stage is a consumer like the other three."""
    assert {"ingest": "ingest.app:create_consumer", "ingest-api": "ingest.app:create_app"} == {
        service: application for service, application in APPLICATIONS.items() if "ingest" in service
    }


def test_a_build_asks_no_registry_for_a_frontend() -> None:
    """No ``# syntax`` line: the engine's own frontend can all that is used."""
    assert None is re.search(r"^#\s*syntax", TEXT, re.MULTILINE | re.IGNORECASE)


def test_the_base_is_an_argument_with_a_pinned_default() -> None:
    """A version to the patch, and nothing else is taken from a registry."""
    stages = {name for _, name in re.findall(r"^FROM (\S+) AS (\S+)$", TEXT, re.MULTILINE)}
    taken = set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) | set(re.findall(r"--from=(\S+)", TEXT))

    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", assigned("BASE", TEXT))
    assert {"${BASE}", "${SERVICE}"} == taken - stages


def test_images_are_built_by_the_same_uv_as_the_environment() -> None:
    """Makefile and Dockerfile pin one version."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert assigned("UV_VERSION", makefile) == assigned("UV_VERSION", TEXT)


def test_an_environment_holds_what_the_lock_says_and_no_tool() -> None:
    """Frozen, without the developers' dependencies, and nothing in it points at a source folder."""
    syncs = re.findall(r"uv sync (.*)$", TEXT, re.MULTILINE)

    assert {"UV_FROZEN=1", "UV_NO_DEV=1"} <= set(TEXT.split())
    assert ["--no-install-workspace", "--no-editable"] == [sync.split()[0] for sync in syncs]


def test_dependencies_are_a_layer_that_only_their_declarations_change() -> None:
    """Every member of the workspace declares its dependencies to the first of the two layers."""
    members = [*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]
    needed = {path.relative_to(ROOT).as_posix() for path in members}
    mounted = {mount["source"] for mount in MOUNTS if mount["type"] == "bind"}

    assert needed | {"pyproject.toml", "uv.lock", "deploy/local/pyproject.toml", "."} == mounted


def test_mounts_name_absolute_places() -> None:
    """Other builders than Docker's refuse relative ones."""
    assert [] == [mount for mount in MOUNTS if not mount["target"].startswith("/")]


def test_a_container_starts_as_nobody_in_particular_without_a_shell() -> None:
    """A numeric user, which Kubernetes can check, and commands in their exec form, which get the signals."""
    assert ["10001:10001"] == re.findall(r"^USER (\S+)$", TEXT, re.MULTILINE)
    assert [] == [command for command in re.findall(r"^CMD (.*)$", TEXT, re.MULTILINE) if command[0] != "["]


def test_no_file_of_a_working_folder_slips_into_an_image() -> None:
    """Everything is ignored, and what images are built from is let through by name."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert "*" == rules[0]
    assert {"!pyproject.toml", "!uv.lock", "!LICENSE", "!libs", "!services", "!deploy/local"} == {
        rule for rule in rules if rule.startswith("!")
    }
    assert "**/.env*" == rules[-1]
