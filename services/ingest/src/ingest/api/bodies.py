"""The bodies of requests, before anybody reads them: how large, how many, in what encoding, how fast."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.arrival_settings import ArrivalSettings
from ingest.problems import Problem, too_large

FIELDS, FIELD = 12, 32 * 1024  # that a form may have beside its file, and bytes of each
FORM = 512 * 1024  # bytes around a file: the fields and the multipart framing
SPOOLED = 64 * 1024  # bytes of a file that are held in memory; the rest goes to the disk
HELD = FIELDS * FIELD + SPOOLED  # bytes of an upload that are held in memory

MultiPartParser.spool_max_size = SPOOLED  # a file is worth no more memory than its fields

CROWDED = "Too many bodies are on their way at once (MAX_BODIES_BYTES); nothing was taken, try again."


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a body may keep us waiting, and the bytes a second that buy it more."""

    seconds: float
    rate: float


@dataclass(frozen=True, slots=True)
class Limit:
    """Bytes that a body may have, and of those in memory; what is said to a larger one."""

    largest: int
    held: int
    refusal: Problem


@dataclass(slots=True)
class Room:
    """Bytes that there is memory for, whoever sends them."""

    left: int

    def take(self, size: int) -> bool:
        """Whether there was room for so many."""
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(slots=True)
class Body:
    """One body while it comes. Only waiting for it counts: what we do with it takes its own time."""

    receive: Receive
    limit: Limit
    pace: Pace
    room: Room
    clock: Callable[[], float]
    size: int = 0
    held: int = 0
    waited: float = 0.0
    whole: bool = False

    async def more(self) -> Message:
        """As ASGI's ``receive``.

        Raises:
            HTTPException: 408, it is too slow; 413, it is too large; 503, too many are on their way.
                FastAPI lets nothing else out of a form.
        """
        if self.whole:
            return await self.receive()  # waits for the client to leave
        message = await self._awaited()
        self.size += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.size > self.limit.largest:
            raise HTTPException(413, str(self.limit.refusal))
        self._hold()
        return message

    def _hold(self) -> None:
        more = min(self.size, self.limit.held) - self.held
        if not self.room.take(more):
            raise HTTPException(503, CROWDED, {"Retry-After": "1", "Connection": "close"})
        self.held += more

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
        self._room = Room(settings.max_bodies_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        if refused := _refused(Headers(scope=scope), limit):
            await refused.response()(scope, receive, send)
            return
        body = Body(receive, limit, self._pace, self._room, asyncio.get_running_loop().time)
        try:
            await self._app(scope, body.more, send)
        finally:
            self._room.left += body.held

    def _limit(self, scope: Scope) -> Limit:
        if scope["path"] == self._uploads:
            return Limit(self._largest_file + FORM, HELD, too_large(self._largest_file))
        largest = self._settings.max_body_bytes
        refusal = Problem(413, f"The body may have at most {largest} bytes (MAX_BODY_BYTES).")
        return Limit(largest, largest, refusal)


def _refused(headers: Headers, limit: Limit) -> Problem | None:
    """By what its sender says of it."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        return Problem(415, "Send the body as it is: no Content-Encoding is undone here.")
    claimed = headers.get("content-length", "0")
    return limit.refusal if claimed.isdecimal() and int(claimed) > limit.largest else None
