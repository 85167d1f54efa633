"""Our images as they are run: any uid but root, no capability, a root that cannot be written to."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from common.pipeline import DOOR, PIPELINE
from onebox.contracts import SETTINGS
from onebox.process import LOOPBACK, Command, Process, reserved_port, running_process
from onebox.settings_page import collect

SERVICES = ("ingest-api", *(stage.service for stage in PIPELINE))
MODELS = "onebox"
GRACE = {
    **{stage.service: stage.grace for stage in PIPELINE},
    "ingest-api": DOOR.grace,
    MODELS: 30,
}  # seconds
RESTRICTED = (
    *("--network", "host", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - a container's own
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"),
)
PATIENCE = 90.0  # seconds to become ready, on however busy a machine
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Engine:
    """A Docker engine that answers."""

    def __init__(self, client: str) -> None:
        self._client = client

    async def output(self, *arguments: str) -> str:
        """What the client prints; an AssertionError with its complaint where it fails."""
        code, said, complaint = await _run(self._client, *arguments)
        assert code == 0, f"docker {' '.join(arguments)}: {complaint.strip()}"
        return said.strip()

    async def inside(self, service: str, python: str) -> str:
        """What a line of Python prints in a service's image."""
        return await self.output("run", "--rm", *RESTRICTED, image(service), "python", "-c", python)

    @asynccontextmanager
    async def running(
        self,
        service: str,
        environment: Mapping[str, str],
        folder: Path,
        *command: str,
        ready: str = "/health/ready",
    ) -> AsyncIterator["Shipped"]:
        """A service's container on a free port of the host, told of *environment*, until the block ends."""
        name = f"callstream-test-{service}-{uuid4().hex[:8]}"
        told = folder / f"{name}.env"
        with reserved_port() as port:
            told.write_text(env_file({**environment, "PORT": str(port)}), encoding="utf-8")
            run = (self._client, "run", "--rm", "--name", name, *RESTRICTED, "--env-file", str(told))
            url = f"http://{LOOPBACK}:{port}"
            start = Command(
                name=name,
                argv=(*run, image(service), *(part.format(port=port) for part in command)),
                ready=f"{url}{ready}",
                log=folder / f"{name}.log",
                patience=PATIENCE,
                grace=GRACE[service],
            )
            try:
                async with running_process(start) as process:
                    yield Shipped(url, process)
            finally:
                await _run(self._client, "rm", "--force", name)  # where the client went without its container


class Shipped:
    """A container that is ready: its address, and the client process that is attached to it."""

    def __init__(self, url: str, process: Process) -> None:
        self.url = url
        self.process = process


def image(service: str) -> str:
    """What `make images` calls a service's image."""
    return f"callstream-{service}"


def env_file(environment: Mapping[str, str]) -> str:
    """What services are told, as `docker run --env-file` reads it: settings and credentials, nothing else."""
    variables = collect(SETTINGS)
    names = {name for variable in variables for name in (variable.name, *variable.aliases)} | {*_CREDENTIALS}
    return "".join(f"{name}={value}\n" for name, value in environment.items() if name in names)


async def find_engine() -> Engine:
    """The engine whose images are tested; the test is skipped, loudly, where there is none or no image."""
    client = shutil.which("docker")
    if client is None or (await _run(client, "version"))[0] != 0:
        pytest.skip("NOT TESTED: no Docker engine answers, so no image was started")
    for service in (*SERVICES, MODELS):
        if (await _run(client, "image", "inspect", image(service)))[0] != 0:
            pytest.skip(f"NOT TESTED: there is no image {image(service)}; `make test-images` builds them")
    return Engine(client)


async def _run(*argv: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    return process.returncode, said.decode(), complaint.decode()
