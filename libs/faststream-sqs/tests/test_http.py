"""The lean transport's HTTP: answers in any pieces, broken ones never taken for whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from faststream_sqs.transport.http import (
    BrokenOffError,
    Connections,
    Endpoint,
    UnreachableError,
    connections,
)
from faststream_sqs.transport.reply import Reply, ReplyReader, UnreadableReplyError

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b: c\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n"
ANNOUNCED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
SILENCE = 1.0  # seconds


def read(data: bytes, size: int) -> tuple[Reply | None, bool]:
    """The reply, and whether the connection may be kept, of data in pieces of one size."""
    reader, reply = ReplyReader(), None
    for place in range(0, len(data), size):
        reply = reader.feed(data[place : place + size])
    return reply, reader.keeps


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("data", "status", "body"),
    [(PLAIN, 200, b"{}"), (CHUNKED, 200, b"abcde"), (ANNOUNCED, 200, b"{}"), (EMPTY, 204, b"")],
    ids=["length", "chunks", "announced", "empty"],
)
def test_whole_replies(data: bytes, status: int, body: bytes, size: int) -> None:
    """A reply is complete with its last byte, however it is cut."""
    reply, keeps = read(data, size)

    assert reply is not None
    assert (status, body, True) == (reply.status, reply.body, keeps)


def test_headers() -> None:
    """Header names are lower case, values keep their colons."""
    reply, _ = read(PLAIN, 3)

    assert reply is not None
    assert {"content-length": "2", "x-a": "b: c"} == reply.headers


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN + b"HTTP",
    ],
    ids=["close", "old", "more"],
)
def test_connections_not_to_keep(data: bytes) -> None:
    """A connection ends where the server says so, or says more than it was asked."""
    reply, keeps = read(data, len(data))

    assert reply is not None
    assert not keeps


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
        b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["ssh", "length", "status", "header", "endless", "chunk"],
)
def test_unreadable_replies(data: bytes) -> None:
    """What is no HTTP is refused."""
    with pytest.raises(UnreadableReplyError):
        ReplyReader().feed(data)


def test_a_reply_that_ends_with_its_connection() -> None:
    """Without a length the connection's end is the reply's; with one, it is a breach."""
    open_ended, cut = ReplyReader(), ReplyReader()
    open_ended.feed(b"HTTP/1.1 200 OK\r\n\r\nabc")
    cut.feed(PLAIN[:-1])

    found = open_ended.end()
    assert found is not None
    assert (b"abc", None) == (found.body, cut.end())


@asynccontextmanager
async def served(*answers: bytes) -> AsyncIterator[tuple[Connections, list[int]]]:
    """Connections to a server; each it accepts gets the next of the answers, and an empty one hangs up."""
    accepted: list[int] = []
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(1)
        answer = answers[min(len(accepted), len(answers)) - 1]
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"!") and answer:
                writer.write(answer)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint("127.0.0.1", port, None, connect_timeout=5, read_timeout=SILENCE, connections=4)
        async with connections(endpoint) as kept:
            yield kept, accepted
        await asyncio.gather(*serving)


async def ask(kept: Connections) -> Reply:
    return await kept.post("h", {"a": "b"}, b"!")


async def test_connections_are_kept() -> None:
    """Requests one after the other share a connection, requests at once do not."""
    async with served(PLAIN) as (kept, accepted):
        bodies = [(await ask(kept)).body for _ in range(3)]
        one_by_one = len(accepted)
        await asyncio.gather(*(ask(kept) for _ in range(4)))

    assert ([b"{}"] * 3, 1, 4) == (bodies, one_by_one, len(accepted))


async def test_broken_off() -> None:
    """A connection that ends before its answer says so, and the next request opens another."""
    async with served(b"", PLAIN) as (kept, accepted):
        with pytest.raises(BrokenOffError):
            await ask(kept)
        reply = await ask(kept)

    assert (b"{}", 2) == (reply.body, len(accepted))


async def test_silence() -> None:
    """A server that says nothing for too long is given up, and its connection with it."""
    async with served(PLAIN[:10], PLAIN) as (kept, accepted):
        with pytest.raises(TimeoutError):
            await ask(kept)
        await ask(kept)

    assert 2 == len(accepted)


async def test_cancelled() -> None:
    """The connection of a cancelled request is not used again: its answer would pass for another's."""
    async with served(PLAIN[:10], PLAIN) as (kept, accepted):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(kept), 0.05)
        reply = await ask(kept)

    assert (b"{}", 2) == (reply.body, len(accepted))


async def test_nobody_there() -> None:
    """Where nobody listens, no connection is made."""
    async with served(PLAIN) as (kept, _):
        pass

    with pytest.raises(UnreachableError):
        await ask(kept)


async def test_line_breaks_in_headers() -> None:
    """A header cannot smuggle in another; the error names it and keeps its value to itself."""
    async with served(PLAIN) as (kept, _):
        with pytest.raises(ValueError, match="'a' holds a line break") as raised:
            await kept.post("h", {"a": "secret\nx: y"}, b"!")

    assert "secret" not in str(raised.value)
