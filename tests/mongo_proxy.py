"""Between a worker and MongoDB: what it asks is passed on, and told as a step of its work."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import bson
from steps import Step, Steps

_HEADER = struct.Struct("<iiii")  # length, request, the request it answers, kind
_OP_MSG = 2013
Command = dict[str, Any]


class MongoProxy:
    """Connections to one server, each direction message by message."""

    def __init__(self, host: str, port: int, steps: Steps) -> None:
        self._host, self._port, self._steps = host, port, steps

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        upstream, server = await asyncio.open_connection(self._host, self._port)
        done: dict[int, Step] = {}
        ways = {
            asyncio.create_task(self._asked(reader, server, done)),
            asyncio.create_task(self._replied(upstream, writer, done)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (server, writer):
                end.close()

    async def _asked(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, done: dict[int, Step]
    ) -> None:
        async for request, message in _messages(reader):
            before, after = _steps(command(message))
            if before:
                self._steps.at(before)
            if after:
                done[request] = after
            server.write(message)
            await server.drain()

    async def _replied(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, done: dict[int, Step]
    ) -> None:
        async for _, message in _messages(upstream):
            if step := done.pop(_HEADER.unpack_from(message)[2], None):
                self._steps.at(step)
            writer.write(message)
            await writer.drain()


def _steps(asked: Command) -> tuple[Step | None, Step | None]:
    """What a command is a step of before it is carried out, and after."""
    match asked:
        case {"findAndModify": "work"} | {"update": "work"} if _keeps(asked):
            return "answered", "kept"
        case {"findAndModify": "work", "upsert": True}:
            return None, "claimed"
        case {"find": "analyses" | "indexed"}:
            return "received", None  # an analyzer or an embedder looks first whether the call has one
        case {"insert": "transcripts" | "analyses" | "indexed"}:
            return None, "concluded"
    return None, None


def _keeps(asked: Mapping[str, Any]) -> bool:
    """Whether it writes a result."""
    changes = [asked.get("update"), *(each.get("u") for each in asked.get("updates", ()))]
    written = [each["$set"] for each in changes if isinstance(each, Mapping) and "$set" in each]
    return any(each.get("result") is not None for each in written)


def command(message: bytes) -> Command:
    """A message's command, the documents that lie beside it included; empty for other kinds of message."""
    if _HEADER.unpack_from(message)[3] != _OP_MSG:
        return {}
    found: Command = {}
    for section in _sections(message):
        found |= section
    return found


def _sections(message: bytes) -> Iterator[Command]:
    at = _HEADER.size + 4  # the flags
    while at < len(message) - 4:  # what is shorter is a checksum
        (size,) = struct.unpack_from("<i", message, at + 1)
        section = message[at + 1 : at + 1 + size]
        if message[at] == 0:
            yield bson.decode(section)
        else:
            name, _, documents = section[4:].partition(b"\0")
            yield {name.decode(): bson.decode_all(documents)}
        at += 1 + size


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[tuple[int, bytes]]:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            header = await reader.readexactly(_HEADER.size)
            length, request, _, _ = _HEADER.unpack(header)
            yield request, header + await reader.readexactly(length - _HEADER.size)


@asynccontextmanager
async def mongo_proxy(uri: str, steps: Steps) -> AsyncIterator[str]:
    """A way to the server at *uri* that leads past *steps*; yields its URI."""
    where = urlsplit(uri)
    proxy = MongoProxy(where.hostname or "127.0.0.1", where.port or 27017, steps)

    async with await asyncio.start_server(proxy.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        login = f"{where.netloc.rpartition('@')[0]}@" if "@" in where.netloc else ""
        source = "&authSource=admin" if login else ""
        # One member by name: a driver that discovers the others would go past us.
        yield f"mongodb://{login}127.0.0.1:{port}/?directConnection=true{source}"
