"""HTTP spoken by hand, so that it can be spoken badly."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from onebox.process import LOOPBACK

HOST = f"Host: {LOOPBACK}\r\n"
LIMIT = 20.0  # seconds after which a server that does nothing fails a test


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body; 0 where the connection was closed without an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        """What a problem says; it is one, or this fails."""
        assert "application/problem+json" == self.headers["content-type"]
        told: dict[str, Any] = json.loads(self.body)
        assert self.status == told["status"]
        return str(told["detail"])


CLOSED = Answer(0, {}, b"")


@dataclass(frozen=True, slots=True)
class Talk:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send it, or as much of it as the other side takes."""
        with suppress(OSError):
            self.writer.write(data)
            await self.writer.drain()

    async def drip(self, pieces: Iterable[bytes], every: float) -> Answer:
        """Send pieces so many seconds apart until there is an answer."""
        sending = asyncio.create_task(self._send(pieces, every))
        try:
            return await self.hear()
        finally:
            sending.cancel()

    async def _send(self, pieces: Iterable[bytes], every: float) -> None:
        for piece in pieces:
            await self.say(piece)
            await asyncio.sleep(every)

    async def hear(self) -> Answer:
        """The next answer."""
        try:
            async with asyncio.timeout(LIMIT):
                head = await self.reader.readuntil(b"\r\n\r\n")
                status, *lines = head.decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
                }
                body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        except (OSError, asyncio.IncompleteReadError):
            return CLOSED
        return Answer(int(status.split()[1]), headers, body)

    async def line(self) -> bytes:
        """The next line of a stream; empty at its end."""
        async with asyncio.timeout(LIMIT):
            return await self.reader.readline()

    async def until_closed(self) -> bytes:
        """Everything up to the end."""
        try:
            async with asyncio.timeout(LIMIT):
                return await self.reader.read()
        except OSError:
            return b""


@asynccontextmanager
async def talk(port: int) -> AsyncIterator[Talk]:
    """Connect, and hang up."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def ask(port: int, request: bytes) -> Answer:
    """One request on a connection of its own."""
    async with talk(port) as one:
        await one.say(request)
        return await one.hear()


def get(path: str) -> bytes:
    """A plain request."""
    return f"GET /api/v1{path} HTTP/1.1\r\n{HOST}\r\n".encode()


def post(path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with a body, and whatever its head says of it."""
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"POST /api/v1{path} HTTP/1.1\r\n{HOST}{lines}\r\n".encode() + body


def form(*parts: bytes, boundary: str = "x") -> bytes:
    """An upload of these parts, each with its own headers."""
    edge = b"--" + boundary.encode()
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    kind = f"Content-Type: multipart/form-data; boundary={boundary}"
    return post("/calls/upload", kind, f"Content-Length: {len(body)}", body=body)


def field(name: str, value: bytes, *headers: bytes, filename: str | None = None) -> bytes:
    """A part of a form."""
    named = f'; filename="{filename}"' if filename else ""
    disposition = f'Content-Disposition: form-data; name="{name}"{named}'.encode()
    return b"\r\n".join([disposition, *headers, b"", value])


def chunk(data: bytes) -> bytes:
    """A piece of a body whose length nobody has told."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


CHUNK = chunk(b" " * 65_536)
_CHUNKED = "Transfer-Encoding: chunked"
_FORM = "Content-Type: multipart/form-data; boundary=x"
ENDLESS = {
    "a body": post("/ask", "Content-Type: application/json", _CHUNKED),
    "a file": post("/calls/upload", _FORM, _CHUNKED)
    + chunk(b"--x\r\n" + field("file", b"RIFF", filename="a.wav")),
}
"""How requests begin that go on with ``CHUNK`` for ever."""
