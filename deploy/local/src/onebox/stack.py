"""Everything at once: servers (each replaceable through its variable), queues, buckets, services."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiobotocore.config import AioConfig
from common.pipeline import INGEST, PIPELINE, VISIBILITY_TIMEOUT
from faststream_sqs.sessions import open_session

from onebox.aws import Notified, create_buckets, create_queues, notify, queue_arn
from onebox.process import LOOPBACK, Command, Process, ProcessFailed, reserved_port, running_process
from onebox.providers import local_purposes, local_variables
from onebox.servers import running_aws, running_mongo, running_redis, running_search

REGION = "us-east-1"
NOTIFIES = "ONEBOX_S3_NOTIFIES_SQS"
GRACE = 30.0  # seconds a service has to drain
LAST_PORT = 65535
Tell = Callable[[str], None]
PATIENCE = 90.0  # seconds a service has to become ready, on however busy a machine


@dataclass(frozen=True, slots=True)
class Names:
    """What this stack calls its queues, buckets, database and indexes: two can share real servers."""

    prefix: str = "callstream"

    def queue(self, stage: str) -> str:
        """A stage's queue."""
        return f"{self.prefix}-{stage}"

    @property
    def audio(self) -> str:
        """The bucket of the recordings."""
        return f"{self.prefix}-audio"

    @property
    def transcripts(self) -> str:
        """The bucket of the transcripts."""
        return f"{self.prefix}-transcripts"


@dataclass(frozen=True)
class Stack:
    """What runs: the servers' and services' addresses, and the environment each service was given."""

    environment: Mapping[str, str]
    folder: Path
    services: dict[str, "Service"] = field(default_factory=dict)

    @property
    def notifies(self) -> bool:
        """Whether an object put into the bucket starts the pipeline by itself."""
        return self.environment[NOTIFIES] == "yes"

    @property
    def api(self) -> str:
        """The API's address, without its prefix."""
        return self.services[INGEST.service].url


class Service:
    """One service process that can be killed and started again on its port, as a platform would."""

    def __init__(self, name: str, port: int, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.url = f"http://{LOOPBACK}:{port}"
        self._command = Command(
            name=name,
            argv=(
                *(sys.executable, "-m", "common.serve", "--factory", f"{name}.app:create_app"),
                *("--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning"),
            ),
            env={**environment, "PORT": str(port)},
            ready=f"{self.url}/health/ready",
            log=folder / f"{name}.log",
            patience=PATIENCE,
            grace=GRACE,
        )
        self._life = AsyncExitStack()
        self.process: Process | None = None

    async def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.process = await self._life.enter_async_context(running_process(self._command))

    async def stop(self) -> None:
        """SIGTERM, and wait until it has drained."""
        self.process = None
        await self._life.aclose()


def _nobody(_line: str) -> None:
    """Tell nobody."""


@asynccontextmanager
async def running_stack(
    folder: Path, environment: Mapping[str, str], names: Names | None = None, tell: Tell = _nobody
) -> AsyncIterator[Stack]:
    """Servers, then services; services stop first, so that they can give back what they hold.

    *tell* hears what begins, as some of it takes seconds.
    """
    with reserved_port(door_port(environment)):
        pass  # what is another's is told before anything is started
    names = names or Names()
    loading = ", and loading the local models" if local_purposes(environment) else ""
    tell(f"Starting the servers{loading} …")
    async with running_servers(folder, environment) as servers:
        tell("Creating queues and buckets …")
        told = {**environment, **servers, **await provision({**environment, **servers}, names)}
        tell("Starting the four services …")
        async with running_services(folder, told) as services:
            yield Stack(told, folder, services)


@asynccontextmanager
async def running_servers(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[dict[str, str]]:
    """The servers the environment does not name; yields the variables of all that were started here."""
    async with AsyncExitStack() as life:
        found: dict[str, str] = {}
        async with asyncio.TaskGroup() as group:
            for variable, server in _missing(folder, environment).items():
                group.create_task(_enter(life, variable, server, found))
        if models := found.pop("MODELS", None):
            found |= local_variables(local_purposes(environment), models)
        yield found


async def _enter(
    life: AsyncExitStack, variable: str, server: AbstractAsyncContextManager[str], found: dict[str, str]
) -> None:
    found[variable] = await life.enter_async_context(server)


def _missing(folder: Path, environment: Mapping[str, str]) -> dict[str, AbstractAsyncContextManager[str]]:
    servers: dict[str, AbstractAsyncContextManager[str]] = {}
    named = {name for name, value in environment.items() if value}
    if "AWS_ENDPOINT_URL" not in named and not {"AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3"} <= named:
        servers["AWS_ENDPOINT_URL"] = running_aws(_made(folder / "aws"))
    if "MONGODB_URI" not in named:
        servers["MONGODB_URI"] = running_mongo(_made(folder / "mongo"))
    if "REDIS_ENDPOINT" not in named:
        servers["REDIS_ENDPOINT"] = running_redis(_made(folder / "redis"))
    if "OPENSEARCH_URL" not in named:
        servers["OPENSEARCH_URL"] = running_search(_made(folder / "search"))
    if local_purposes(environment):
        servers["MODELS"] = running_models(_made(folder / "models"))
    return servers


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def running_models(folder: Path, *, port: int = 0) -> AsyncIterator[str]:
    """The local models; yields the address their ``/v1`` lies under. The first start joins the weights."""
    with reserved_port(port) as found:
        url = f"http://{LOOPBACK}:{found}"
        command = Command(
            name="models",
            argv=(sys.executable, "-m", "onebox.models", "--port", str(found)),
            ready=f"{url}/health",
            log=folder / "models.log",
            patience=120.0,
        )
        async with running_process(command):
            yield url


async def provision(environment: Mapping[str, str], names: Names) -> dict[str, str]:
    """Create queues, dead-letter queues, buckets and notifications; return what services are told of them."""
    common = environment.get("AWS_ENDPOINT_URL")
    sqs_url = environment.get("AWS_ENDPOINT_URL_SQS") or common
    s3_url = environment.get("AWS_ENDPOINT_URL_S3") or common
    login = credentials(environment)
    async with _client("sqs", sqs_url, login) as sqs, _client("s3", s3_url, login) as s3:
        attributes = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT)}
        urls = await create_queues(sqs, {names.queue(s.name): attributes for s in PIPELINE})
        await create_buckets(s3, [names.audio, names.transcripts])
        heard = False
        if sqs_url == s3_url:  # a bucket can only notify a queue it knows
            arn = await queue_arn(sqs, urls[names.queue(INGEST.name)])
            heard = isinstance(await notify(s3, names.audio, arn), Notified)
    return _told(names, urls) | login | {NOTIFIES: "yes" if heard else "no"}


def credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's AWS keys, or any, which is what the stand-ins take."""
    return {
        "AWS_REGION": environment.get("AWS_REGION") or REGION,
        "AWS_ACCESS_KEY_ID": environment.get("AWS_ACCESS_KEY_ID") or "test",
        "AWS_SECRET_ACCESS_KEY": environment.get("AWS_SECRET_ACCESS_KEY") or "test",
    }


def _client(service: str, url: str | None, login: Mapping[str, str]) -> AbstractAsyncContextManager[object]:
    style = {"addressing_style": "path"} if service == "s3" else {}
    client: AbstractAsyncContextManager[object] = open_session().create_client(
        service,
        endpoint_url=url,
        region_name=login["AWS_REGION"],
        aws_access_key_id=login["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=login["AWS_SECRET_ACCESS_KEY"],
        config=AioConfig(signature_version="s3v4", s3=style) if service == "s3" else None,
    )
    return client


def _told(names: Names, urls: Mapping[str, str]) -> dict[str, str]:
    queues = {f"SQS_{s.name.upper()}_QUEUE_URL": urls[names.queue(s.name)] for s in PIPELINE}
    return {
        "S3_BUCKET_AUDIO": names.audio,
        "S3_BUCKET_TRANSCRIPTS": names.transcripts,
        "MONGODB_DATABASE": names.prefix,
        "OPENSEARCH_INDEX": names.prefix,
        "SQS_WAIT_SECONDS": "1",  # so that a stop is quick: it waits for the poll that is open
        "RATE_LIMIT_ADMINS": "6000/minute",  # the viewer polls
        "RATE_LIMIT_ANONYMOUS": "600/minute",  # whoever tries things out shares one address
        **queues,
    }


def door_port(environment: Mapping[str, str]) -> int:
    """The API's port, 0 for any that is free; raises ProcessFailed for what is none."""
    text = environment.get("PORT") or "0"
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise ProcessFailed(f"PORT has to be a whole number up to {LAST_PORT}, or unset: any that is free")
    return int(text)


@asynccontextmanager
async def running_services(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[dict[str, Service]]:
    """The four services as four unmodified processes; ingest also serves the API."""
    logs = _made(folder / "logs")
    with ExitStack() as life:
        services: dict[str, Service] = {}
        for stage in PIPELINE:
            port = door_port(environment) if stage is INGEST else 0
            found = life.enter_context(reserved_port(port))
            services[stage.service] = Service(stage.service, found, environment, logs)
        try:
            await _all(service.start() for service in services.values())
            yield services
        finally:
            await _all(service.stop() for service in services.values())


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)
