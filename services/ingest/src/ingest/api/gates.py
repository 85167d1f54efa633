"""What a request passes before anybody reads it: the client's limit, and the size of its body."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.problems import too_large, too_many

FORM = 1024 * 1024  # bytes around the file: the other fields and the multipart framing


class RateGate:
    """So many requests a client; asking for health is free."""

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app = app
        self._prefix = f"{prefix}/"
        self._free = f"{prefix}/health"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        wait = await self._seconds_to_wait(scope)
        if wait is None:
            await self._app(scope, receive, send)
        else:
            await too_many(wait, "RATE_LIMIT").response()(scope, receive, send)

    async def _seconds_to_wait(self, scope: Scope) -> int | None:
        counts = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        if not counts or scope["path"] == self._free:
            return None
        client = scope["client"][0] if scope.get("client") else "unknown"
        wait: int | None = await scope["app"].state.opened["limiter"].seconds_to_wait(client)
        return wait


class SizeGate:
    """Bodies up to a size, refused by what they claim at once, else as soon as they pass it."""

    def __init__(self, app: ASGIApp, *, largest_file: int) -> None:
        self._app = app
        self._largest_file = largest_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._claimed(scope) > self._largest_file + FORM:
            await too_large(self._largest_file).response()(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _claimed(self, scope: Scope) -> int:
        length = Headers(scope=scope).get("content-length", "0")
        return int(length) if length.isdecimal() else 0

    def _counted(self, receive: Receive) -> Receive:
        left = self._largest_file + FORM

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, str(too_large(self._largest_file)))
            return message

        return counted
