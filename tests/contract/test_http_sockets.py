"""What arrives at the door's own socket: each client gets its share, and none of them everybody's."""

import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import repeat
from pathlib import Path

import pytest
import pytest_asyncio
from lone_door import lone_door
from raw_http import CHUNK, CLOSED, ENDLESS, ask, field, form, get, post, talk
from waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE = 1  # seconds for a head, and for a body
MOST = 40  # connections
JSON = "Content-Type: application/json"
FORM = "Content-Type: multipart/form-data; boundary=x"
FILE = field("file", b"RIFF", filename="a.wav")
LONG = b"a: " + b"b" * 40_000
QUESTION = b'{"question": "?"}'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    limits = {
        "REQUEST_HEAD_SECONDS": str(PATIENCE),
        "REQUEST_BODY_SECONDS": str(PATIENCE),
        "MAX_CONNECTIONS": str(MOST),
        "EVENT_STREAMS_EACH": "1",
    }
    folder: Path = tmp_path_factory.mktemp("door")
    async with lone_door(folder, **limits) as door:
        yield door.port


MALFORMED = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "Invalid"),
    "too many headers": (
        get("/calls").replace(b"\r\n\r\n", b"\r\n" + b"a: b\r\n" * 120 + b"\r\n"),
        431,
        "100",
    ),
    "a large head": (
        get("/calls").replace(b"\r\n\r\n", b"\r\na: " + b"b" * 40_000 + b"\r\n\r\n"),
        431,
        "32768",
    ),
    "a head without an end": (get("/calls")[:-2] + b"a: " + b"b" * 40_000, 431, "MAX_REQUEST_HEAD_BYTES"),
    "a long path": (get("/" + "x" * 40_000), 431, "MAX_REQUEST_HEAD_BYTES"),
    "two lengths": (post("/ask", "Content-Length: 1", "Content-Length: 2"), 400, "Invalid"),
    "a negative length": (post("/ask", "Content-Length: -1"), 400, "Invalid"),
    "a length and chunks": (post("/ask", "Content-Length: 4", "Transfer-Encoding: chunked"), 400, "once"),
    "an unknown coding": (post("/ask", "Transfer-Encoding: gzip, chunked"), 501, "Invalid"),
    "no chunks": (post("/ask", JSON, "Transfer-Encoding: chunked", body=b"zz\r\n"), 400, "Invalid"),
    "a gzip": (
        post("/ask", JSON, "Content-Encoding: gzip", "Content-Length: 4", body=gzip.compress(b"")[:4]),
        415,
        "Content-Encoding",
    ),
    "a claim too large": (post("/ask", JSON, "Content-Length: 1048577"), 413, "MAX_BODY_BYTES"),
    "an upload too large": (post("/calls/upload", FORM, "Content-Length: 9999999"), 413, "MAX_UPLOAD_BYTES"),
    "a claim beyond counting": (post("/ask", JSON, f"Content-Length: {'9' * 19}"), 413, "MAX_BODY_BYTES"),
    "two files": (form(FILE, FILE), 400, "Too many files"),
    "many fields": (form(*[field(f"f{n}", b"") for n in range(13)], FILE), 400, "Too many fields"),
    "a large field": (form(field("agent", b"x" * 70_000), FILE), 400, "maximum size of 32KB"),
    "a part of many headers": (form(field("agent", b"", *[b"a: b"] * 9), FILE), 400, "multipart"),
    "a part with a large header": (form(field("agent", b"", b"a: " + b"b" * 5000), FILE), 400, "multipart"),
    "a long boundary": (form(FILE, boundary="x" * 300), 400, "multipart"),
}


@pytest.mark.parametrize(("sent", "status", "why"), MALFORMED.values(), ids=MALFORMED)
async def test_what_is_malformed_is_refused_by_name(port: int, sent: bytes, status: int, why: str) -> None:
    """A problem says what is wrong with it, and the door goes on answering others."""
    answer = await ask(port, sent)

    assert status == answer.status
    assert why in answer.detail
    assert 200 == (await ask(port, get("/calls"))).status


async def test_a_head_that_trickles_is_ended(port: int) -> None:
    """408 after its time, however busily its bytes arrive."""
    async with talk(port) as slow:
        answer = await slow.drip([get("/calls")[:20], *repeat(b"a", 200)], PATIENCE / 20)

    assert 408 == answer.status
    assert "REQUEST_HEAD_SECONDS" in answer.detail


async def test_who_says_nothing_is_let_go(port: int) -> None:
    """There is nothing to answer: the connection is closed."""
    async with talk(port) as silent:
        assert CLOSED == await silent.hear()


async def test_a_second_head_that_trickles_is_ended_too(port: int) -> None:
    """A first request buys no time for the next one."""
    async with talk(port) as slow:
        await slow.say(get("/calls") + get("/calls")[:20])
        first = await slow.hear()
        second = await slow.drip(repeat(b"a", 200), PATIENCE / 20)

    assert (200, 408) == (first.status, second.status)


@pytest.mark.parametrize(
    "head",
    [
        post("/ask", JSON, f"Content-Length: {len(QUESTION)}"),
        post("/ask", JSON, "Content-Length: 1000000"),
        post("/calls/upload", FORM, "Content-Length: 400000"),
        post("/calls/upload", FORM, "Transfer-Encoding: chunked"),
    ],
    ids=["nothing comes", "less than claimed", "an upload of nothing", "no chunk comes"],
)
async def test_a_body_that_does_not_come_is_ended(port: int, head: bytes) -> None:
    """408 after its time, and the connection is closed."""
    async with talk(port) as slow:
        await slow.say(head)
        answer = await slow.hear()
        rest = await slow.until_closed()

    assert (408, b"") == (answer.status, rest)
    assert "REQUEST_BODY_SECONDS" in answer.detail


async def test_a_body_that_trickles_is_ended(port: int) -> None:
    """Single bytes buy no time worth mentioning."""
    async with talk(port) as slow:
        await slow.say(post("/ask", JSON, "Content-Length: 1000"))
        answer = await slow.drip(repeat(b" ", 200), PATIENCE / 20)

    assert 408 == answer.status


@pytest.mark.parametrize("begun", ENDLESS.values(), ids=ENDLESS)
async def test_chunks_without_an_end_are_ended_where_the_limit_is(port: int, begun: bytes) -> None:
    """413 as soon as it is passed: what is read is bounded, whoever sends."""
    async with talk(port) as endless:
        await endless.say(begun)
        answer = await endless.drip(repeat(CHUNK, 64), 0)

    assert 413 == answer.status


async def test_what_follows_a_body_is_another_request(port: int) -> None:
    """More bytes than were announced are no part of it."""
    request = post("/ask", JSON, "Content-Length: 2", body=b"{}" + b"\x00more\r\n\r\n")
    async with talk(port) as lying:
        await lying.say(request)
        answers = [await lying.hear(), await lying.hear()]

    assert [422, 400] == [answer.status for answer in answers]


async def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    """One after the other, however many come at once."""
    paths = ["/calls", "/calls/c-404"] * 100
    async with talk(port) as eager:
        await eager.say(b"".join(map(get, paths)))
        statuses = [(await eager.hear()).status for _ in paths]

    assert [200, 404] * 100 == statuses


async def test_idle_connections_make_room(port: int) -> None:
    """Beyond the limit the longest idle one goes; whoever is at work, or asks, is served."""
    async with AsyncExitStack() as stack:
        stream = await stack.enter_async_context(talk(port))
        await stream.say(get("/calls/c-1/events"))
        assert b"HTTP/1.1 200 OK\r\n" == await stream.line()
        idle = [await stack.enter_async_context(talk(port)) for _ in range(MOST * 2)]
        answers = [await ask(port, get("/calls")) for _ in range(3)]
        gone = [await each.until_closed() for each in idle[:MOST]]
        while b"event: call\n" != (line := await stream.line()):
            assert line

    assert [200] * 3 == [answer.status for answer in answers]
    assert [b""] * MOST == gone


async def test_who_leaves_a_stream_gives_back_the_seat(port: int) -> None:
    """A client that hung up is noticed, though nothing is sent to it."""
    async with talk(port) as first:
        await first.say(get("/calls/c-1/events"))
        while b"event: call\n" != await first.line():
            pass
        assert 429 == (await ask(port, get("/calls/c-1/events"))).status

    async def free() -> bool:
        return 200 == (await ask(port, get("/calls/c-1/events"))).status

    assert await until(free, 5, what="the seat is free")
