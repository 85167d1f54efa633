"""Between FastStream's messages and SQS's entries: body, headers, attributes. Reading never raises."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from faststream.message import StreamMessage, decode_message

from .engine.client import MAX_BYTES
from .engine.dead_letter import MAX_ATTRIBUTES
from .engine.sender import entry_bytes
from .envelope import Envelope
from .exceptions import InvalidBodyError, MessageTooLargeError, TooManyAttributesError
from .message import RawBatch, RawMessage, SQSBatchMessage, SQSMessage

HeaderMode = Literal["attributes", "packed", "auto"]

CONTENT_TYPE = "content-type"
CORRELATION_ID = "correlation-id"
REPLY_TO = "reply-to"
CONTENT_ENCODING = "content-encoding"
PACKED = "x-faststream-headers"
TRACE_HEADER = "AWSTraceHeader"  # a system attribute: it counts neither to the ten nor to the size
TRACE_HEADERS = ("traceparent", "tracestate", "baggage")  # foreign tracers look for these by name

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"(?!(?i:aws\.|amazon\.))(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")


def encode_body(body: bytes) -> tuple[str, str | None]:
    """The text SQS stores and the content encoding, if it is not the text as it stands."""
    if not body:
        return " ", "empty"  # SQS refuses an empty body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
    if _ILLEGAL.search(text):
        return base64.b64encode(body).decode(), "base64"
    return text, None


def decode_body(text: str, encoding: str | None) -> bytes:
    """The body sent; raises InvalidBodyError for a text that is not what its encoding says."""
    if encoding == "empty" and text.strip():
        raise InvalidBodyError("the body is called empty, but is not: send it without content-encoding")
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:
            raise InvalidBodyError(
                "the body is called base64, but is not: encode it, or send it without content-encoding"
            ) from error
    return text.encode() if encoding != "empty" else b""


def encode_headers(headers: Mapping[str, Any], room: int, mode: HeaderMode) -> dict[str, str]:
    """The attributes that carry user headers: each its own, or all in one when they do not fit."""
    plain = len(headers) <= room and all(_is_plain(name, value) for name, value in headers.items())
    if mode != "packed" and plain:
        return dict(headers)
    if mode == "attributes":
        raise TooManyAttributesError(
            f"headers {sorted(headers)} do not fit as attributes: at most {room}, each a non-empty string; "
            "use headers='auto'"
        )
    if not headers:
        return {}
    apart = [name for name in TRACE_HEADERS if _is_plain(name, headers.get(name))][: room - 1]
    packed = {name: value for name, value in headers.items() if name not in apart}
    return {name: headers[name] for name in apart} | {PACKED: json.dumps(packed, default=str)}


def _is_plain(name: str, value: Any) -> bool:
    return (
        isinstance(value, str) and bool(value) and not _ILLEGAL.search(value) and bool(_NAME.fullmatch(name))
    )


def encode_entry(
    body: bytes,
    content_type: str | None,
    *,
    headers: Mapping[str, Any],
    correlation_id: str | None,
    reply_to: str = "",
    mode: HeaderMode = "auto",
    reserved: int = 0,
    limit: int | None = MAX_BYTES,
) -> dict[str, Any]:
    """An entry of SendMessageBatch, without its id; raises when SQS could not take it.

    `reserved` attributes are left free for others; `limit` is bytes, None for a body that will go elsewhere.
    """
    text, encoding = encode_body(body)
    own = {
        CONTENT_TYPE: content_type,
        CORRELATION_ID: correlation_id,
        REPLY_TO: reply_to,
        CONTENT_ENCODING: encoding,
    }
    attributes = {name: value for name, value in own.items() if value}
    user = {name: value for name, value in headers.items() if name not in own and name != TRACE_HEADER}
    attributes |= encode_headers(user, MAX_ATTRIBUTES - len(attributes) - reserved, mode)
    entry = {"MessageBody": text, "MessageAttributes": {n: _string(v) for n, v in attributes.items()}}
    if limit is not None:
        check_size(entry, limit)
    trace = headers.get(TRACE_HEADER)
    return entry | ({"MessageSystemAttributes": {TRACE_HEADER: _string(str(trace))}} if trace else {})


def check_size(entry: Mapping[str, Any], limit: int = MAX_BYTES) -> None:
    """Raise MessageTooLargeError for more than so many bytes."""
    if (size := entry_bytes(entry)) > limit:
        raise MessageTooLargeError(
            f"the message has {size} bytes, SQS takes {limit}: set SQSBroker(claim_check=S3ClaimCheck(...)), "
            "or store the content and send a reference"
        )


def _string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def decode_headers(message: Mapping[str, Any]) -> dict[str, Any]:
    """All headers of a received message, unpacked."""
    attributes = message.get("MessageAttributes") or {}
    headers: dict[str, Any] = {
        name: value["BinaryValue"] if "BinaryValue" in value else value.get("StringValue", "")
        for name, value in attributes.items()
    }
    return headers | _unpacked(headers.pop(PACKED)) if PACKED in headers else headers


def _unpacked(packed: Any) -> dict[str, Any]:
    try:
        headers = json.loads(packed)
    except ValueError:
        headers = None
    return headers if isinstance(headers, dict) else {PACKED: packed}


class SQSParser:
    """FastStream's default parser and decoder for SQS, taking an envelope off where one is expected."""

    def __init__(self, envelope: Envelope | None = None) -> None:
        self.envelope = envelope

    async def parse_message(self, raw: RawMessage) -> SQSMessage:
        """The message; whatever SQS delivers can be parsed."""
        headers = decode_headers(raw.message)
        encoding = headers.pop(CONTENT_ENCODING, None) if _is_ours(headers) else None
        text = str(raw.message.get("Body", ""))
        body, damage = _read(text, encoding)
        message = SQSMessage(
            raw_message=raw,
            body=body,
            headers=headers,
            reply_to=str(headers.get(REPLY_TO, "")),
            content_type=_text(headers.get(CONTENT_TYPE)),
            correlation_id=_text(headers.get(CORRELATION_ID)) or raw.lease.message_id,
            message_id=raw.lease.message_id,
        )
        message.damage = damage
        return message if self.envelope is None else unwrapped(message, self.envelope)

    async def decode_message(self, message: StreamMessage[Any]) -> Any:
        """The decoded body; raises when it is not what its content type or encoding says."""
        if isinstance(message, SQSMessage) and message.damage is not None:
            raise message.damage
        return decode_message(message)


class SQSBatchParser(SQSParser):
    """The same for handlers of batches; FastStream knows them by the name `decode_batch`."""

    async def parse_batch(self, raw: RawBatch) -> SQSBatchMessage:
        """All messages of the batch."""
        messages = [await self.parse_message(one) for one in raw.messages]
        for one in messages:
            one.set_decoder(self.decode_message)
        return SQSBatchMessage(raw, messages)

    async def decode_batch(self, message: SQSBatchMessage) -> list[Any]:
        """Their bodies, in order."""
        return [await one.decode() for one in message.messages]


def unwrapped(message: SQSMessage, envelope: Envelope) -> SQSMessage:
    """The message without its envelope, which it remembers; itself if it came without."""
    content = envelope.unwrap(message.body)
    if content is not None:
        message.body, message.envelope = content.body, content.envelope
        message.content_type = content.content_type or message.content_type
        message.headers = {**content.headers, **message.headers}
        correlation_id = content.headers.get(CORRELATION_ID)
        message.correlation_id = str(correlation_id or message.correlation_id)
    return message


def _read(text: str, encoding: str | None) -> tuple[bytes, InvalidBodyError | None]:
    # FastStream parses a message before it can settle it: what is wrong with it is told when it is decoded.
    try:
        return decode_body(text, encoding), None
    except InvalidBodyError as error:
        return text.encode(), error


def _is_ours(headers: Mapping[str, Any]) -> bool:
    return headers.get(CONTENT_ENCODING) in {"base64", "empty"}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
