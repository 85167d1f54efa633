"""MongoDB's wire protocol: OP_MSG both ways, and OP_QUERY for the greeting of old handshakes."""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bson import decode, encode

from onebox.mongo.commands import MAX_MESSAGE

_HEADER: Final = struct.Struct("<iiii")  # length, request id, id answered, opcode
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_CHECKSUM, _MORE_TO_COME = 1 << 0, 1 << 1
_KNOWN_REQUIRED_BITS = _CHECKSUM | _MORE_TO_COME
_REQUIRED_BITS = 0xFFFF
_CHECKSUM_BYTES = 4


class ProtocolBroken(Exception):
    """The client does not speak this protocol; its connection is closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One command; `silent` wants no answer (an unacknowledged write)."""

    number: int
    command: Mapping[str, Any]
    opcode: int
    silent: bool = False


async def received(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None at the end of the connection."""
    try:
        header = await reader.readexactly(_HEADER.size)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise ProtocolBroken("the connection ended within a message") from error
        return None
    length, number, _, opcode = _HEADER.unpack(header)
    if not _HEADER.size < length <= MAX_MESSAGE:
        raise ProtocolBroken(f"a message of {length} bytes")
    return _request(number, opcode, await reader.readexactly(length - _HEADER.size))


def answered(request: Request, reply: Mapping[str, Any], number: int) -> bytes:
    """Return the bytes of the answer."""
    document = encode(reply)
    if request.opcode == _OP_QUERY:
        opcode, body = _OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + document  # 8: AwaitCapable
    else:
        opcode, body = _OP_MSG, struct.pack("<IB", 0, 0) + document
    return _HEADER.pack(_HEADER.size + len(body), number, request.number, opcode) + body


def _request(number: int, opcode: int, body: bytes) -> Request:
    if opcode == _OP_MSG:
        return _message(number, body)
    if opcode == _OP_QUERY:
        return _query(number, body)
    raise ProtocolBroken(f"the opcode {opcode}")


def _message(number: int, body: bytes) -> Request:
    (flags,) = struct.unpack_from("<I", body)
    if flags & _REQUIRED_BITS & ~_KNOWN_REQUIRED_BITS:
        raise ProtocolBroken(f"the message flags {flags:#x}")
    command: dict[str, Any] = {}
    sequences: dict[str, Any] = {}
    at, end = 4, len(body) - (_CHECKSUM_BYTES if flags & _CHECKSUM else 0)
    while at < end:
        kind, (size,) = body[at], struct.unpack_from("<i", body, at + 1)
        section = body[at + 1 : at + 1 + size]
        if kind == 0:
            command = decode(section)
        elif kind == 1:
            sequences |= _sequence(section)
        else:
            raise ProtocolBroken(f"a section of the kind {kind}")
        at += 1 + size
    return Request(number, {**command, **sequences}, _OP_MSG, bool(flags & _MORE_TO_COME))


def _sequence(section: bytes) -> dict[str, Any]:
    """Decode a document sequence: the `documents` of an insert, outside the command to save copying."""
    end = section.index(b"\0", 4)
    documents, at = [], end + 1
    while at < len(section):
        (size,) = struct.unpack_from("<i", section, at)
        documents.append(decode(section[at : at + size]))
        at += size
    return {section[4:end].decode(): documents}


def _query(number: int, body: bytes) -> Request:
    end = body.index(b"\0", 4)
    database = body[4:end].decode().removesuffix(".$cmd")
    command = decode(body[end + 9 :])  # behind the counts of documents to skip and to return
    if next(iter(command)).lower() not in {"ismaster", "hello"}:
        raise ProtocolBroken("OP_QUERY with anything but a greeting")
    return Request(number, {**command, "$db": database}, _OP_QUERY)
