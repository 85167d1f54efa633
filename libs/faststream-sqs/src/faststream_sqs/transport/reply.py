"""Reads one HTTP/1.1 response from the pieces in which it arrives; free of I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

LARGEST_HEAD = 65_536  # bytes
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class UnreadableReplyError(ValueError):
    """What came is not an HTTP/1.1 response."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ReplyReader:
    """Fed with pieces until the response is complete; `keeps` says whether another may follow it."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._length: int | None = None
        self._chunked = False
        self.keeps = True
        self.complete = False

    def feed(self, data: bytes) -> Reply | None:
        """The response once it is complete; raises UnreadableReplyError."""
        self._data += data
        while not self._status:
            if not self._read_head():
                return None
        body = self._body()
        if body is None:
            return None
        if self._data:
            self.keeps = False  # more than was asked for: nothing that follows could be trusted
        return self._completed(body)

    def end(self) -> Reply | None:
        """The response if the connection's end completes it: it said neither its length nor its chunks."""
        if not self._status or self._chunked or self._length is not None:
            return None
        return self._completed(bytes(self._data))

    def _completed(self, body: bytes) -> Reply:
        self.complete = True
        return Reply(self._status, self._headers, body)

    def _read_head(self) -> bool:
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            if len(self._data) > LARGEST_HEAD:
                raise UnreadableReplyError(f"a head of more than {LARGEST_HEAD} bytes")
            return False
        first, *lines = self._data[:end].decode("latin-1").split("\r\n")
        del self._data[: end + 4]
        status = _status(first)
        if status >= HTTPStatus.OK:  # what is below only announces the response
            self._status = status
            self._headers = dict(map(_header, lines))
            self._settle_framing(first)
        return True

    def _settle_framing(self, first: str) -> None:
        headers = self._headers
        connection = headers.get("connection", "").lower()
        self.keeps = "close" not in connection if first.startswith("HTTP/1.1") else "keep-alive" in connection
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        if self._status in _BODILESS:
            self._length = 0
        elif "content-length" in headers and not self._chunked:
            self._length = _number(headers["content-length"], 10)

    def _body(self) -> bytes | None:
        if self._chunked:
            return self._chunks()
        if self._length is None or len(self._data) < self._length:
            return None
        body = bytes(self._data[: self._length])
        del self._data[: self._length]
        return body

    def _chunks(self) -> bytes | None:
        # Read from the start with each piece: answers of SQS come with a length, this is for stand-ins.
        parts, place = [], 0
        while (end := self._data.find(b"\r\n", place)) >= 0:
            size = _number(self._data[place:end].split(b";")[0].decode("latin-1"), 16)
            place = end + 2 + size
            if size == 0:
                return self._after_trailers(b"".join(parts), end)
            parts.append(bytes(self._data[end + 2 : place]))
            place += 2
        return None

    def _after_trailers(self, body: bytes, end: int) -> bytes | None:
        last = self._data.find(b"\r\n\r\n", end)
        if last < 0:
            return None
        del self._data[: last + 4]
        return body


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise UnreadableReplyError("no HTTP/1.1 response")
    return _number(rest[:3], 10)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise UnreadableReplyError("a header without a colon")
    return name.lower(), value.strip()


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise UnreadableReplyError("a length or a status that is no number")
    return number
