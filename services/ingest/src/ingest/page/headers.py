"""Every answer of the door tells the browser what it may do with it."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingest.page.policy import HEADERS, HSTS, for_description


def safety(scope: Scope) -> Mapping[str, str]:
    """The headers of an answer to this request, which a proxy may have brought here from TLS."""
    public_url = scope["app"].state.settings.public_url or ""
    encrypted = scope.get("scheme") == "https" or public_url.startswith("https://")
    return {**HEADERS, **HSTS} if encrypted else HEADERS


class SafetyHeaders:
    """Outermost, so that refusals carry them, too; what an answer says of itself is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with headers."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in safety(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, told if scope["type"] == "http" else send)


class DescriptionPolicy:
    """The policy of the page that describes the API; it names the hashes of its own inline scripts."""

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the answer's beginning back until its body, which comes in one piece, is known."""
        begun: list[Message] = []

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            for start in begun:
                html = message["body"].decode()
                MutableHeaders(scope=start)["Content-Security-Policy"] = for_description(html)
                await send(start)
            begun.clear()
            await send(message)

        described = scope["type"] == "http" and scope["path"] == self._path
        await self._app(scope, receive, told if described else send)
