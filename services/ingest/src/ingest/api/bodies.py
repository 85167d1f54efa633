"""The bodies of requests, before anybody reads them: of what size, in what encoding, at what pace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.arrival_settings import ArrivalSettings
from ingest.problems import Problem, too_large

FORM = 1024 * 1024  # bytes around a file: the other fields and the multipart framing


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a body may keep us waiting, and the bytes a second that buy it more."""

    seconds: float
    rate: float


@dataclass(slots=True)
class Body:
    """One body while it comes. Only waiting for it counts: what we do with it takes its own time."""

    receive: Receive
    largest: int
    refusal: Problem
    pace: Pace
    clock: Callable[[], float]
    size: int = 0
    waited: float = 0.0
    whole: bool = False

    async def more(self) -> Message:
        """As ASGI's ``receive``.

        Raises:
            HTTPException: 408, it is too slow; 413, it is too large. FastAPI lets nothing else out of a form.
        """
        if self.whole:
            return await self.receive()  # waits for the client to leave
        message = await self._awaited()
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.size > self.largest:
            raise HTTPException(413, str(self.refusal))
        return message

    async def _awaited(self) -> Message:
        begun = self.clock()
        patience = self.pace.seconds + self.size / self.pace.rate - self.waited
        try:
            async with asyncio.timeout(max(patience, 0)):
                message = await self.receive()
        except TimeoutError:
            raise HTTPException(408, self._slow(), {"Connection": "close"}) from None
        self.waited += self.clock() - begun
        return message

    def _slow(self) -> str:
        return (
            f"The body comes too slowly: it has {self.pace.seconds:g} s (REQUEST_BODY_SECONDS) and one more"
            f" for every {self.pace.rate:g} bytes (REQUEST_BODY_RATE)."
        )


class BodyGate:
    """Refused by what is claimed at once, else as soon as a limit is passed."""

    def __init__(self, app: ASGIApp, *, settings: ArrivalSettings, uploads: str, largest_file: int) -> None:
        self._app = app
        self._settings = settings
        self._uploads = uploads
        self._largest_file = largest_file
        self._pace = Pace(settings.request_body_seconds, settings.request_body_rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest, refusal = self._limit(scope)
        if refused := _refused(Headers(scope=scope), largest, refusal):
            await refused.response()(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        await self._app(scope, Body(receive, largest, refusal, self._pace, clock).more, send)

    def _limit(self, scope: Scope) -> tuple[int, Problem]:
        if scope["path"] == self._uploads:
            return self._largest_file + FORM, too_large(self._largest_file)
        largest = self._settings.max_body_bytes
        return largest, Problem(413, f"The body may have at most {largest} bytes (MAX_BODY_BYTES).")


def _refused(headers: Headers, largest: int, refusal: Problem) -> Problem | None:
    """By what its sender says of it."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        return Problem(415, "Send the body as it is: no Content-Encoding is undone here.")
    claimed = headers.get("content-length", "0")
    return refusal if claimed.isdecimal() and int(claimed) > largest else None
