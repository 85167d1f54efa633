"""The servers of a test run: the environment's, else containers, else embedded ones. Never a silent skip."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Literal, Protocol, TypeVar

import pytest
from containers import CONTAINERS, Containers
from onebox.servers import running_aws, running_mongo, running_redis, running_search
from onebox.stack import running_models

Kind = Literal["mongo", "redis", "search", "sqs", "s3", "models"]
T = TypeVar("T")

VARIABLES: dict[Kind, tuple[str, ...]] = {
    "mongo": ("MONGODB_URI",),
    "redis": ("REDIS_ENDPOINT",),
    "search": ("OPENSEARCH_URL",),
    "sqs": ("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"),
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "models": ("OPENAI_BASE_URL",),
}
"""The variables that name a server, the most particular one first."""

EMBEDDED: dict[Kind, Callable[[Path], AbstractAsyncContextManager[str]]] = {
    "mongo": running_mongo,
    "redis": running_redis,
    "search": running_search,
    "sqs": running_aws,
    "s3": running_aws,
    "models": running_models,
}


@dataclass(frozen=True, slots=True)
class Served:
    """A server's URL, and what stands behind it."""

    url: str
    by: str


class Folders(Protocol):
    """Where embedded servers keep their data."""

    def mktemp(self, basename: str) -> Path:
        """A folder of its own."""


class Servers:
    """``servers("mongo")`` finds or starts a server, once a run; what was started stops with ``open``."""

    def __init__(self, environment: Mapping[str, str], containers: Containers | None = None) -> None:
        self._environment = environment
        self._containers = containers or Containers()
        self._found: dict[Kind, Served] = {}
        self._started: dict[object, Served] = {}
        self._elsewhere: set[str] = set()
        self._life = ExitStack()
        self._folders: Folders | None = None
        self._background: Background | None = None

    @contextmanager
    def open(self, folders: Folders) -> Iterator["Servers"]:
        """Embedded servers keep their data in *folders* and live until this ends."""
        self._folders = folders
        with self._life:
            yield self

    def __call__(self, kind: Kind) -> str:
        """The URL of a server of this kind."""
        if kind not in self._found:
            self._found[kind] = self._named(kind) or self._contained(kind) or self._embedded(kind)
        return self._found[kind].url

    def report(self) -> list[str]:
        """One line for each kind of server that was used, here or in another process of this run."""
        return sorted({*self._elsewhere, *(f"{kind}: {served.by}" for kind, served in self._found.items())})

    def add(self, lines: Iterable[str]) -> None:
        """Take in what another process of this run reports."""
        self._elsewhere |= set(lines)

    def _named(self, kind: Kind) -> Served | None:
        named = (name for name in VARIABLES[kind] if self._environment.get(name))
        return next((Served(self._environment[name], f"as {name} says") for name in named), None)

    def _contained(self, kind: Kind) -> Served | None:
        if kind not in CONTAINERS or not self._containers.answer():
            return None
        recipe = CONTAINERS[kind]
        url = self._life.enter_context(self._containers.running(recipe))
        return Served(url, f"container {recipe.image}")

    def _embedded(self, kind: Kind) -> Served:
        if self._environment.get("REQUIRE_REAL") == "1":
            pytest.fail(
                f"REQUIRE_REAL=1 wants a real {kind}: set {' or '.join(VARIABLES[kind])}", pytrace=False
            )
        running = EMBEDDED[kind]
        if running not in self._started:  # one process serves both SQS and S3
            self._started[running] = Served(self._start(kind), "embedded")
        return self._started[running]

    def _start(self, kind: Kind) -> str:
        assert self._folders is not None, "servers are started inside open()"
        self._background = self._background or self._life.enter_context(background())
        return self._life.enter_context(self._background.held(EMBEDDED[kind](self._folders.mktemp(kind))))


class Background:
    """An event loop in a thread of its own: what lives in it outlives the loops of single tests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @contextmanager
    def held(self, resource: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Keep an async context open; one task enters and leaves it."""
        opened: Future[T] = Future()
        done = asyncio.Event()
        living = asyncio.run_coroutine_threadsafe(_live(resource, opened, done), self._loop)
        living.add_done_callback(lambda ended: _pass_on(ended, opened))
        try:
            yield opened.result()
        finally:
            self._loop.call_soon_threadsafe(done.set)
            living.result()


@contextmanager
def background() -> Iterator[Background]:
    """Start the loop and, in the end, stop it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="servers")
    thread.start()
    try:
        yield Background(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _live(resource: AbstractAsyncContextManager[T], opened: "Future[T]", done: asyncio.Event) -> None:
    async with resource as value:
        opened.set_result(value)
        await done.wait()


def _pass_on(ended: "Future[None]", opened: "Future[Any]") -> None:
    """Whoever waits for what never opened is told why."""
    if not opened.done() and (error := ended.exception()):
        opened.set_exception(error)


DATA_SERVERS: dict[Kind, str] = {
    "sqs": "AWS_ENDPOINT_URL_SQS",
    "s3": "AWS_ENDPOINT_URL_S3",
    "mongo": "MONGODB_URI",
    "redis": "REDIS_ENDPOINT",
    "search": "OPENSEARCH_URL",
}
"""What keeps a whole stack's data, and the variable that names it to the one-machine runner."""


def named(servers: Servers) -> dict[str, str]:
    """The variables that make a stack use these servers for all its data."""
    return {variable: servers(kind) for kind, variable in DATA_SERVERS.items()}
