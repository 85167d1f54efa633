"""Each request to the door: a span, a time, and one line without anything its sender chose."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

from common.account import accounting
from common.instruments import Instruments
from common.logging import get_logger
from common.metrics import exemplar
from common.telemetry import context_in, span, tracing
from opentelemetry.trace import Span, SpanKind
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
UNMATCHED: Final = "unmatched"
SERVER_ERROR: Final = 500
CLIENT_ERROR: Final = 400

log = get_logger("callstream.access")


class Observed:
    """Outermost: what is refused at a gate is seen, too. Probes and scrapes are not worth a line."""

    def __init__(self, app: ASGIApp, *, using: Instruments) -> None:
        self._app = app
        self._using = using

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch one request."""
        if scope["type"] != "http" or scope["path"] == "/metrics" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        parent = context_in(Headers(scope=scope))
        with ExitStack() as watching:
            watching.enter_context(tracing(self._using.tracer))
            watching.enter_context(accounting(self._using.account()))
            opened = watching.enter_context(span(_method(scope), SpanKind.SERVER, context=parent))
            await self._watched(opened, scope, receive, send)

    async def _watched(self, opened: Span, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.monotonic(), SERVER_ERROR

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._told(opened, scope, status, time.monotonic() - begun)

    def _told(self, opened: Span, scope: Scope, status: int, seconds: float) -> None:
        method, route = _method(scope), _route(scope)
        group = f"{status // 100}xx"
        self._using.metrics.http.seconds.labels(method, route, group).observe(seconds, exemplar())
        opened.update_name(f"{method} {route}")
        opened.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        write = log.error if status >= SERVER_ERROR else log.info
        write(
            "http.request",
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000),
            **_call(scope, status),
        )


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The route's template: the path itself is whatever somebody typed."""
    # Where routers include routers, the matched route knows only its own part of the path.
    whole = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(whole, "path", UNMATCHED))


def _call(scope: Scope, status: int) -> dict[str, Any]:
    """The call asked about, if there is such a call: anything else is a stranger's text."""
    parameters: Mapping[str, Any] = scope.get("path_params") or {}
    found = status < CLIENT_ERROR and "call_id" in parameters
    return {"call_id": parameters["call_id"]} if found else {}
