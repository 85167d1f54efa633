"""Every server of the one-machine stack as an async context manager that yields its URL.

All listen on 127.0.0.1, on the port given or a free one, and keep data and log in the folder given.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from onebox.aws import ministack
from onebox.process import LOOPBACK, Command, Process, ProcessFailed, reserved_port, running_process
from onebox.redis import valkey
from onebox.tls import Tls, tls_front

__all__ = [
    "Command",
    "Process",
    "ProcessFailed",
    "Tls",
    "mongo_server",
    "reserved_port",
    "running_aws",
    "running_mongo",
    "running_process",
    "running_redis",
    "running_search",
    "search_server",
]


@asynccontextmanager
async def running_aws(data_dir: Path, *, port: int = 0) -> AsyncIterator[str]:
    """SQS and S3; yields the endpoint URL of both."""
    with reserved_port(port) as found:
        async with running_process(ministack(data_dir, found)):
            yield f"http://{LOOPBACK}:{found}"


@asynccontextmanager
async def running_redis(
    data_dir: Path, *, port: int = 0, tls: Tls | None = None, password: str | None = None
) -> AsyncIterator[str]:
    """Valkey; yields redis://... or, behind TLS, rediss://..., with the password in it."""
    login = f":{quote(password, safe='')}@" if password else ""
    with reserved_port(0 if tls else port) as found:
        async with running_process(valkey(data_dir, found, password)):
            if tls is None:
                yield f"redis://{login}{LOOPBACK}:{found}/0"
                return
            with reserved_port(port) as front:
                command = tls_front("valkey-tls", data_dir / "tls.log", front, found, tls)
                async with running_process(command):
                    yield f"rediss://{login}{LOOPBACK}:{front}/0"


@asynccontextmanager
async def running_mongo(data_dir: Path, *, port: int = 0) -> AsyncIterator[str]:
    """The MongoDB stand-in; yields mongodb://..."""
    with reserved_port(port) as found:
        async with running_process(mongo_server(data_dir, found)):
            yield f"mongodb://{LOOPBACK}:{found}/"


@asynccontextmanager
async def running_search(data_dir: Path, *, port: int = 0) -> AsyncIterator[str]:
    """The OpenSearch stand-in; yields http://..."""
    with reserved_port(port) as found:
        async with running_process(search_server(data_dir, found)):
            yield f"http://{LOOPBACK}:{found}"


def mongo_server(data_dir: Path, port: int) -> Command:
    """The command for the MongoDB stand-in."""
    return Command(
        name="mongo",
        argv=(sys.executable, "-m", "onebox.mongo", "--port", str(port), "--data", str(data_dir)),
        ready=f"tcp://{LOOPBACK}:{port}",
        log=data_dir / "mongo.log",
    )


def search_server(data_dir: Path, port: int) -> Command:
    """The command for the OpenSearch stand-in."""
    return Command(
        name="search",
        argv=(sys.executable, "-m", "onebox.search", "--port", str(port), "--data", str(data_dir)),
        ready=f"http://{LOOPBACK}:{port}/",
        log=data_dir / "search.log",
    )
