"""What a request passes before anybody reads it: the client's limit."""

from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.problems import too_many


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
