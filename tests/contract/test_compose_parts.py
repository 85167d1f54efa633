"""docker-compose.yml: how what runs in it is locked down, waited for and stopped."""

import asyncio
import re
import shutil
import sys

import pytest
import yamls
from common.pipeline import CLOSING, DOOR, PIPELINE
from common.settings import WorkerSettings
from composed import PARTS, PATH, told
from onebox.contracts import ROOT
from shipped import GRACE, MODELS, SERVICES, image

FOREIGN = [name for name, part in PARTS.items() if "build" not in part]
DRAIN = {**{stage.service: stage.drain for stage in PIPELINE}, "ingest-api": DOOR.drain}  # seconds
MUTE = {"tempo", "alloy"}  # their images hold no program that could ask after their health

every_service = pytest.mark.parametrize("service", SERVICES)
every_part = pytest.mark.parametrize("name", PARTS)
every_foreign_part = pytest.mark.parametrize("name", FOREIGN)


async def test_the_file_is_what_the_specification_allows() -> None:
    """The compose specification's own schema has no complaint."""
    argv = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", PATH)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)

    assert b"ok -- validation done\n" == (await process.communicate())[0]


async def test_compose_itself_reads_the_file() -> None:
    """Interpolation, merges and dependencies are as compose wants them, in every profile."""
    client = shutil.which("docker")
    if client is None:
        pytest.skip("NOT CHECKED: there is no docker here")
    argv = (client, "compose", "--profile", "offline", "--profile", "observability")
    process = await asyncio.create_subprocess_exec(*argv, "--file", PATH, "config", "--quiet")

    assert 0 == await process.wait()


def test_every_service_runs_from_its_own_image() -> None:
    """The four stages, the API and the local models, called as `make images` calls them."""
    ours = {name: part["image"] for name, part in PARTS.items() if "build" in part and name != "init"}

    assert {**{service: image(service) for service in SERVICES}, "models": image(MODELS)} == ours


@every_service
def test_a_service_has_its_stage_s_grace_and_drains_within_it(service: str) -> None:
    """SIGKILL never decides: the drain, and the poll that is open, end well before the grace does."""
    grace = int(PARTS[service]["stop_grace_period"].removesuffix("s"))
    poll = WorkerSettings.model_fields["sqs_wait_seconds"].default

    assert (GRACE[service], DRAIN[service]) == (grace, int(told(service)["DRAIN_SECONDS"]))
    assert max(DRAIN[service], poll) <= grace - CLOSING


def test_uploads_have_as_long_as_on_a_cluster() -> None:
    """The HTTP server waits for what is being handed in, and no longer than the door's grace allows."""
    assert f"{DOOR.uploads}" == told("ingest-api")["UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"]
    assert DOOR.drain > 0


@every_service
def test_a_service_has_as_long_as_on_a_cluster(service: str) -> None:
    """Compose and Kubernetes leave it one grace between SIGTERM and SIGKILL."""
    manifest = ROOT / "deploy" / "k8s" / "base" / f"{service}.yaml"
    pods = [
        part["spec"]["template"]["spec"]
        for part in yamls.load_all(manifest.read_text("utf-8"))
        if part["kind"] == "Deployment"
    ]

    assert [GRACE[service]] == [pod["terminationGracePeriodSeconds"] for pod in pods]


@pytest.mark.parametrize("name", [*SERVICES, "init", "models"])
def test_what_is_ours_is_locked_down(name: str) -> None:
    """A root that cannot be written to, no capability, none to be gained; scratch space in memory."""
    part = PARTS[name]

    assert [True, ["ALL"], ["no-new-privileges:true"]] == [
        part[key] for key in ("read_only", "cap_drop", "security_opt")
    ]
    assert ["/tmp"] == [place.partition(":")[0] for place in part["tmpfs"]]  # noqa: S108 - a container's own
    assert not {"privileged", "user", "cap_add", "volumes", "network_mode", "pid"} & set(part)


@every_service
def test_a_service_that_ends_as_told_is_started_anew(service: str) -> None:
    """A process that has handled MAX_MESSAGES_PER_PROCESS messages exits with 0 and must come back."""
    assert "unless-stopped" == PARTS[service]["restart"]


def test_what_runs_once_runs_once() -> None:
    """Queues, buckets and indexes are made when the servers are there, and before any service starts."""
    servers = PARTS["init"]["depends_on"]

    assert ("no", ["pipelinectl", "bootstrap"]) == (PARTS["init"]["restart"], PARTS["init"]["command"])
    assert {"floci", "mongo", "valkey", "opensearch"} == set(servers)
    assert {"service_healthy"} == {server["condition"] for server in servers.values()}
    assert [] == [
        service
        for service in SERVICES
        if PARTS[service]["depends_on"]["init"]["condition"] != "service_completed_successfully"
    ]


@every_part
def test_no_port_is_open_to_a_network(name: str) -> None:
    """Everything that is published is published on loopback."""
    assert [] == [port for port in PARTS[name].get("ports", []) if not port.startswith("127.0.0.1:")]


@every_foreign_part
def test_a_part_that_is_not_ours_is_pinned(name: str) -> None:
    """An image by its full version, and unable to gain privileges."""
    assert re.search(r":v?\d+\.\d+\.\d+(-\w[\w.]*)?$", PARTS[name]["image"])
    assert ["no-new-privileges:true"] == PARTS[name]["security_opt"]


@every_part
def test_every_part_is_asked_after_its_health(name: str) -> None:
    """So that the others wait for it; what ends, and what cannot be asked, apart."""
    assert (name not in MUTE | {"init"}) == ("healthcheck" in PARTS[name])


@every_part
def test_what_is_mounted_from_the_repository_is_there_and_read_only(name: str) -> None:
    """The files of the profile observability are those that Kubernetes uses, too."""
    mounts = [mount.split(":") for mount in PARTS[name].get("volumes", []) if mount[0] in "./"]
    assert [] == [mount for mount in mounts if mount[-1] != "ro"]
    assert [] == [place for place, *_ in mounts if place.startswith("./") and not (ROOT / place).is_dir()]
