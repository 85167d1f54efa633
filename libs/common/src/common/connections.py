"""HTTP connections, bounded: in number, in the time a request's head may take, and in what it may hold.

uvicorn bounds none of these: it waits for a head for ever, counts no headers, and its limit on connections
answers 503 to those who ask while it keeps those who do not.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from common.http_settings import HttpSettings

STOPPING: Final = "callstream.stopping"
"""The ASGI extension whose ``event`` is set when the server wants to stop: endless answers end then."""

TOO_MUCH: Final = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Line:
    """The connections of one process; ``idle`` are those without a request, the longest idle first."""

    limits: HttpSettings
    idle: dict["Connection", None] = field(default_factory=dict)

    def make_room(self, connections: int) -> "Connection | None":
        """Of so many connections, the one that has to go; no other has to go for the same newcomer."""
        if connections <= self.limits.max_connections or not self.idle:
            return None
        longest = next(iter(self.idle))
        del self.idle[longest]
        return longest


class Connection(H11Protocol):
    """One client's connection."""

    def __init__(self, line: Line, **told: Any) -> None:
        super().__init__(**told)
        self._line = line
        self._stopping = asyncio.Event()
        self._late: asyncio.TimerHandle | None = None
        app: Any = self.app
        self.app = _bounded(app, line.limits, self._stopping)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody came; one who is idle goes where there is no room, the newcomer where nobody is."""
        super().connection_made(transport)
        self._note()
        self._wait_for_head()
        if leaving := self._line.make_room(len(self.connections)):
            leaving.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._line.idle.pop(self, None)
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something of a head, or of a body."""
        super().data_received(data)
        self._note()
        if not self._busy and self._late is None:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        """An answer is sent; a pipelined request may be at work already."""
        super().on_response_complete()
        self._note()

    def shutdown(self) -> None:
        """The server wants to stop."""
        super().shutdown()
        self._stopping.set()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP, or more than a head may hold; *msg* is uvicorn's."""
        error = sys.exception()
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if self._busy:  # the body broke: whoever reads it hears of a client that is gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        self._refuse(hint, _too_much(self._line.limits) if hint == TOO_MUCH else msg)

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _note(self) -> None:
        """Whether there is a request at work, for whoever looks for room."""
        if self._busy:
            self._line.idle.pop(self, None)
            self._wait_no_longer()
        elif not self.transport.is_closing():
            self._line.idle.setdefault(self)

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(self._line.limits.request_head_seconds, self._head_late)

    def _wait_no_longer(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _head_late(self) -> None:
        self._late = None
        if self.transport.is_closing():
            return
        begun = bool(self.conn.trailing_data[0])
        if begun and self.conn.our_state is h11.IDLE:
            seconds = self._line.limits.request_head_seconds
            self._refuse(408, f"A request's head has {seconds} s to come (REQUEST_HEAD_SECONDS).")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer where HTTP still allows it, and close."""
        headers, body = _problem(status, detail)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            reason = HTTPStatus(status).phrase.encode()
            for event in (
                h11.Response(status_code=status, headers=headers, reason=reason),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def connection(
    config: Config,
    server_state: ServerState,
    app_state: dict[str, Any],
    _loop: asyncio.AbstractEventLoop | None = None,
) -> Connection:
    """A connection as uvicorn asks for one; its command line takes this by name, hence the one line below."""
    return Connection(_line(), config=config, server_state=server_state, app_state=app_state, _loop=_loop)


def stopping(scope: MutableMapping[str, Any]) -> asyncio.Event | None:
    """What is set when this request's server wants to stop, if it says so."""
    event: asyncio.Event | None = scope.get("extensions", {}).get(STOPPING, {}).get("event")
    return event


@cache
def _line() -> Line:
    return Line(HttpSettings.read())


def _bounded(app: App, limits: HttpSettings, stop: asyncio.Event) -> App:
    """What h11 lets through: a head that came at once, however large, and one that says its length twice."""

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refusal(scope, limits) if scope["type"] == "http" else None
        if refused is None:
            scope.setdefault("extensions", {})[STOPPING] = {"event": stop}
            await app(scope, receive, send)
            return
        headers, body = _problem(*refused)
        await send({"type": "http.response.start", "status": refused[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return bounded


def _refusal(scope: Scope, limits: HttpSettings) -> tuple[int, str] | None:
    headers: list[Header] = scope["headers"]
    size = len(scope["raw_path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) + 4 for name, value in headers)
    if len(headers) > limits.max_request_headers or size > limits.max_request_head_bytes:
        return TOO_MUCH, _too_much(limits)
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}:
        return 400, "A body's length is told once: by Content-Length, or by chunks."
    return None


def _too_much(limits: HttpSettings) -> str:
    return (
        f"A request's head may have {limits.max_request_headers} headers (MAX_REQUEST_HEADERS)"
        f" and {limits.max_request_head_bytes} bytes (MAX_REQUEST_HEAD_BYTES)."
    )


def _problem(status: int, detail: str) -> tuple[list[Header], bytes]:
    """An answer's headers and body, as RFC 9457 has problems."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps(told).encode()
    length = str(len(body)).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", length),
        (b"connection", b"close"),
    ]
    return headers, body
