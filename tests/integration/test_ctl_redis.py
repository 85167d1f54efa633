"""What a doctor finds of a Redis that is slow, silent, or not ours to write."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from common.ctl import exam_stores
from common.ctl.findings import Finding
from common.settings import RedisSettings

Serve = Callable[[bytes, float], Awaitable[RedisSettings]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server that answers SET with these bytes after so many seconds, and all else at once."""
    talks: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as life:

        async def started(answer: bytes, seconds: float) -> RedisSettings:
            def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                talks.append(asyncio.create_task(_talk(reader, writer, answer, seconds)))

            server = await life.enter_async_context(await asyncio.start_server(connected, "127.0.0.1", 0))
            host, port = server.sockets[0].getsockname()
            return RedisSettings.model_validate({"redis_endpoint": f"{host}:{port}"})

        yield started
        await asyncio.gather(*talks)


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes, seconds: float
) -> None:
    while command := await _command(reader):
        if command[0] == b"SET":
            await asyncio.sleep(seconds)
        writer.write(answer if command[0] == b"SET" else ANSWERS.get(command[0], b"+OK\r\n"))
    writer.close()
    await writer.wait_closed()


ANSWERS = {
    b"INFO": b"$20\r\nredis_version:7.2.4\r\n\r\n",
    b"PING": b"+PONG\r\n",
    b"HELLO": b"%1\r\n+proto\r\n:3\r\n",
}


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    """One array of bulk strings; none at the end."""
    head = await reader.readline()
    words = []
    for _ in range(int(head[1:]) if head else 0):
        await reader.readline()
        words.append((await reader.readline()).strip())
    return words


def told(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(one.check, one.state) for one in findings}


async def test_a_slow_redis_is_there_and_said_to_be_slow(serve: Serve) -> None:
    """Later than our services wait, sooner than the doctor gives up."""
    found = await exam_stores.redis(await serve(b"+OK\r\n", 1.1))

    assert {("redis", "ok"), ("redis.speed", "warn"), ("redis.tls", "ok")} == told(found)


async def test_a_redis_that_does_not_answer_is_unreachable(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not called slow."""
    monkeypatch.setattr(exam_stores, "REDIS_PATIENCE", 0.2)
    found = await exam_stores.redis(await serve(b"+OK\r\n", 0.6))

    assert (("redis", "fail"), "does not answer (TimeoutError)") == (
        (found[0].check, found[0].state),
        found[0].told,
    )


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (b"-NOPERM this user has no permissions to run the 'set' command\r\n", "allow REDIS_ENDPOINT's user"),
        (b"-READONLY You can't write against a read only replica.\r\n", "not a replica"),
        (b"-ERR unknown command\r\n", "see its log"),
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "more memory"),
    ],
    ids=["no right", "a replica", "something else", "full"],
)
async def test_a_redis_that_is_not_ours_to_write_is_told(serve: Serve, refusal: bytes, remedy: str) -> None:
    """Being reachable is not enough; each refusal has its remedy."""
    found = await exam_stores.redis(await serve(refusal, 0))

    assert ("redis", "fail") == (found[0].check, found[0].state)
    assert remedy in (found[0].remedy or "")
