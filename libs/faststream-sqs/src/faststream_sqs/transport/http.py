"""HTTP/1.1 for POST requests to one endpoint: kept connections, one request at a time on each."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from .reply import Reply, ReplyReader, UnreadableReplyError

IDLE = 15.0  # seconds after which a kept connection is not trusted any more


class UnreachableError(ConnectionError):
    """No connection could be made."""


class BrokenOffError(ConnectionError):
    """The connection ended before the answer did."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go; times are seconds, of a connection's making and of the silence within an answer."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    connect_timeout: float
    read_timeout: float
    connections: int


class Connection(asyncio.Protocol):
    """One connection; the answer to the request under way is read as it comes."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._answer: asyncio.Future[Reply] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard = 0.0
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """Whether another request may follow."""
        return self._transport is not None and not self._transport.is_closing() and self._reader.keeps

    async def ask(self, request: bytes) -> Reply:
        """The answer; raises BrokenOffError or TimeoutError."""
        if self._transport is None or self._transport.is_closing():
            raise BrokenOffError("the connection is closed")
        loop = asyncio.get_running_loop()
        self._reader, self._answer, self._heard = ReplyReader(), loop.create_future(), loop.time()
        self._watch = loop.call_later(self._silence, self._listen)
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._watch.cancel()
            if not self._reader.complete:
                self.close()

    def close(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer; anything nobody asked for ends the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        self._heard = asyncio.get_running_loop().time()
        try:
            reply = self._reader.feed(data)
        except UnreadableReplyError as error:
            self._fail(BrokenOffError(str(error)))
        else:
            if reply is not None:
                self._answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed; an answer without a length ends here."""
        self._transport = None
        if self._answer is None or self._answer.done():
            return
        reply = self._reader.end() if exc is None else None
        if reply is None:
            self._fail(BrokenOffError("the connection ended before the answer did"))
        else:
            self._answer.set_result(reply)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        if (rest := self._heard + self._silence - loop.time()) > 0:
            self._watch = loop.call_later(rest, self._listen)
        else:
            self._fail(TimeoutError(f"no word for {self._silence:g} s"))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class Connections:
    """As many connections as may be open at once, the last used first."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(endpoint.connections)

    async def post(self, host: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a POST to the root; raises UnreachableError, BrokenOffError or TimeoutError.

        ValueError for a header that would end its line: a secret copied with its line break.
        """
        if broken := [name for name, value in headers.items() if "\n" in value or "\r" in value]:
            raise ValueError(f"header {broken[0]!r} holds a line break: remove it where the value comes from")
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST / HTTP/1.1\r\nhost: {host}\r\n{lines}content-length: {len(body)}\r\n\r\n"
        async with self._slots:
            connection = self._kept() or await self._connected()
            reply = await connection.ask(head.encode("latin-1") + body)
            if connection.usable:
                connection.idle_since = asyncio.get_running_loop().time()
                self._idle.append(connection)
            else:
                connection.close()
            return reply

    def close(self) -> None:
        """End those that wait for work."""
        for connection in self._idle:
            connection.close()

    def _kept(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - IDLE
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connected(self) -> Connection:
        one = self._endpoint
        try:
            async with asyncio.timeout(one.connect_timeout):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(one.read_timeout),
                    one.host,
                    one.port,
                    ssl=one.tls,
                    server_hostname=one.host if one.tls else None,
                    happy_eyeballs_delay=0.25,
                )
        except (OSError, TimeoutError) as error:
            raise UnreachableError(f"{one.host}:{one.port} does not answer") from error
        return connection


@asynccontextmanager
async def connections(endpoint: Endpoint) -> AsyncIterator[Connections]:
    """Connections while they are needed."""
    kept = Connections(endpoint)
    try:
        yield kept
    finally:
        kept.close()
