"""A child process with a lifetime: started, waited for until it answers, stopped, and never left behind."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
_POLL = 0.03  # seconds between two looks at a starting process
_PROBE_TIME = 2.0  # seconds for one answer
_TAIL = 2000  # bytes of the log quoted when a process fails
_LEASH = Path(__file__).with_name("leash.py")

Probe = Callable[[], Awaitable[bool]]


class ProcessFailed(Exception):
    """A process ended, or stayed silent, before it was ready; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to run, and how to see that it is ready.

    `ready` is `http://host:port/...` (answers 200), `tcp://host:port` (accepts a connection) or an async
    callable returning True; `env` is laid over the caller's environment; times are in seconds.
    """

    name: str
    argv: tuple[str, ...]
    ready: str | Probe
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    patience: float = 30.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """A running child: tell it to go with `running_process`, or hurt it on purpose with `signal`."""

    name: str
    pid: int
    log: Path
    _child: asyncio.subprocess.Process

    async def exited(self) -> int:
        """Wait for the end and return the exit code (negative: the signal)."""
        return await self._child.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process alone; asyncio's own way could steal its exit code from `exited`."""
        if self._child.returncode is not None:
            raise ProcessLookupError(f"{self.name} has ended")
        os.kill(self.pid, number)


@contextmanager
def reserved_port(port: int = 0) -> Iterator[int]:
    """Yield a free loopback port (or the given one), kept from other programs until a child listens on it.

    Linux lets a child listen on a port that we hold bound with SO_REUSEADDR and without listening; other
    systems do not, so there the port is only found, not held. Raises ProcessFailed if the port given is
    another server's, which would otherwise answer in the place of ours.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((LOOPBACK, port))
        except OSError as error:
            raise ProcessFailed(_refusal(port, error)) from error
        found: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield found


def _refusal(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: stop what listens there, or set PORT to another"
    return f"port {port} cannot be had ({error.strerror}): set PORT to another"


@asynccontextmanager
async def running_process(command: Command) -> AsyncIterator[Process]:
    """Start the command, yield when it is ready, and end it: SIGTERM, and SIGKILL after its grace.

    It has its own session (a Ctrl-C reaches only us), writes to its log file, and dies with this process.
    Raises ProcessFailed when it ends or stays silent before it is ready.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        start = log.tell()
        process = await _started(command, log)
        try:
            await _until_ready(command, process, start)
            yield process
        finally:
            await _stopped(process, command.grace)


async def _started(command: Command, log: BinaryIO) -> Process:
    leash = (sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()))
    child = await asyncio.create_subprocess_exec(
        *leash,
        *command.argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**os.environ, **command.env},
        start_new_session=True,
    )
    return Process(command.name, child.pid, command.log, child)


async def _until_ready(command: Command, process: Process, log_start: int) -> None:
    ended = asyncio.create_task(process.exited())
    answers = asyncio.create_task(_answers(_probe(command.ready)))
    try:
        await asyncio.wait({ended, answers}, timeout=command.patience, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            raise ProcessFailed(_obituary(command, f"ended with exit code {ended.result()}", log_start))
        if not answers.done():
            raise ProcessFailed(_obituary(command, f"was not ready in {command.patience:g} s", log_start))
        answers.result()
    finally:
        for task in (ended, answers):
            task.cancel()
        await asyncio.gather(ended, answers, return_exceptions=True)


async def _answers(probe: Probe) -> None:
    while not await probe():
        await asyncio.sleep(_POLL)


def _obituary(command: Command, what: str, log_start: int) -> str:
    with command.log.open("rb") as log:
        log.seek(max(log_start, log.seek(0, os.SEEK_END) - _TAIL))
        tail = log.read().decode(errors="replace").strip() or "(nothing)"
    return f"{command.name} {what}. Its log, {command.log}, ends:\n{tail}"


async def _stopped(process: Process, grace: float) -> None:
    try:
        with suppress(ProcessLookupError):
            process.signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.exited(), grace)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.exited()


def _probe(ready: str | Probe) -> Probe:
    if not isinstance(ready, str):
        return ready
    url = urlsplit(ready)
    if url.hostname and url.port:
        host, port, path = url.hostname, url.port, url.path or "/"
        match url.scheme:
            case "http":
                return lambda: _http_answers(host, port, path)
            case "tcp":
                return lambda: _tcp_answers(host, port)
    raise ValueError(f"ready must be http://host:port/... or tcp://host:port, not {ready!r}")


async def _http_answers(host: str, port: int, path: str) -> bool:
    """Ask by hand: the stand-ins import this module, and an HTTP client would double their start."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), _PROBE_TIME)
        return status.split()[1:2] == [b"200"]
    except (OSError, TimeoutError):
        return False
    finally:
        await _closed(writer)


async def _tcp_answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    await _closed(writer)
    return True


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
