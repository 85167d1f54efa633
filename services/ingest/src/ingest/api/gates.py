"""What a request passes before anybody reads it: the size of its body."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.problems import too_large

FORM = 1024 * 1024  # bytes around the file: the other fields and the multipart framing


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
