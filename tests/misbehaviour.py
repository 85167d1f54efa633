"""What a provider may do to a request instead of answering it as it should."""

import asyncio
import json
from email.utils import formatdate

from aiohttp import web
from provider_log import Act, hang_up, send
from tone_speech import Asked, speak, transcription

GARBAGE = (
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"text": "so we would',
    b"",
    b"x" * 10_000_000,
    b'{"transcript": ["so", "we"]}',
    b'{"text": null}',
    b"[]",
    bytes(range(256)),
)
"""What is no transcription, each for a reason of its own."""


def answering(status: int, body: bytes = b"{}", **headers: str) -> Act:
    """Answer with something else, as JSON; headers are spelled with underscores."""
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}

    async def act(asked: Asked, request: web.Request) -> web.StreamResponse:
        answer = web.Response(status=status, body=body, headers=spelled, content_type="application/json")
        await send(asked, request, answer)
        asked.outcome = "refused"
        return answer

    return act


def busy(retry_after: str) -> Act:
    """Too many requests."""
    error = {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}}
    return answering(429, json.dumps(error).encode(), Retry_After=retry_after)


def now_as_a_date() -> str:
    """As HTTP spells it; over as soon as it is read."""
    return formatdate(usegmt=True)


async def slowly(asked: Asked, request: web.Request) -> web.StreamResponse:
    """The right answer, byte by byte."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    for byte in json.dumps(transcription(asked)).encode():
        await answer.write(bytes([byte]))
        await asyncio.sleep(0)
    await answer.write_eof()
    asked.outcome = "answered"
    return answer


async def break_off(asked: Asked, request: web.Request) -> web.StreamResponse:
    """Half of the right answer, then the connection breaks."""
    body = json.dumps(transcription(asked)).encode()
    answer = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    return await hang_up(asked, request)


def holding(until: asyncio.Event, answer: Act = speak) -> Act:
    """Answer as one should, but not before *until* is set."""

    async def act(asked: Asked, request: web.Request) -> web.StreamResponse:
        await until.wait()
        return await answer(asked, request)

    return act
