"""Bodies and headers on the wire and back."""

from typing import Any

import pytest
from faststream_sqs import InvalidBodyError, MessageTooLargeError, TooManyAttributesError
from faststream_sqs.engine.client import QueueInfo
from faststream_sqs.engine.lease import Lease
from faststream_sqs.fake import FakeSQS
from faststream_sqs.message import RawMessage
from faststream_sqs.message import SQSMessage as Message
from faststream_sqs.parser import PACKED, SQSParser, decode_body, encode_body, encode_entry
from faststream_sqs.testing import InMemorySettlement, received
from hypothesis import example, given
from hypothesis import strategies as st


def parsed(message: dict[str, Any]) -> RawMessage:
    lease = Lease(message, "h", 30, 30)
    return RawMessage(lease, InMemorySettlement(QueueInfo("work", "memory://work")))


async def read(message: dict[str, Any]) -> Message:
    return await SQSParser().parse_message(parsed(message))


async def there_and_back(body: bytes, /, **headers: Any) -> Message:
    entry = encode_entry(body, "application/json", headers=headers, correlation_id="c-1")
    return await read(received(entry, "m-1"))


@given(st.binary() | st.text().map(str.encode))
def test_any_body_survives(body: bytes) -> None:
    """Whatever bytes are sent are received, through SQS's XML characters and its dislike of nothing."""
    text, encoding = encode_body(body)

    assert body == decode_body(text, encoding)


def test_text_stays_text() -> None:
    """A readable body is readable in the queue, for every other consumer."""
    assert ('{"a": 1}', None) == encode_body(b'{"a": 1}')


@pytest.mark.parametrize(("text", "encoding"), [("not base64!", "base64"), ("not empty", "empty")])
def test_wrong_encoding_flag(text: str, encoding: str) -> None:
    """A body that is not what its flag says is refused, without a word of it."""
    with pytest.raises(InvalidBodyError) as caught:
        decode_body(text, encoding)

    assert text not in str(caught.value)


@example({"body": None})
@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.none(), max_size=12))
async def test_any_headers_survive(headers: dict[str, Any]) -> None:
    """Headers of any name, number and kind arrive, packed where SQS has no room for them."""
    own = {"content-type", "correlation-id", "reply-to", "content-encoding", PACKED}
    headers = {name: value for name, value in headers.items() if name not in own}

    message = await there_and_back(b"{}", **{"x": "y"} | headers)

    assert message.headers.items() >= headers.items()


async def test_few_plain_headers_are_attributes() -> None:
    """Headers that fit are attributes of their own, so that foreign consumers see them."""
    entry = encode_entry(b"{}", None, headers={"tenant": "t"}, correlation_id="c")

    assert {"tenant", "correlation-id"} == entry["MessageAttributes"].keys()


async def test_trace_headers_stay_visible_when_packed() -> None:
    """Packing leaves the trace context where foreign tracers look for it."""
    many = {f"h{n}": "x" for n in range(12)} | {"traceparent": "00-1"}

    entry = encode_entry(b"{}", None, headers=many, correlation_id="c")

    assert {"traceparent", PACKED, "correlation-id"} == entry["MessageAttributes"].keys()


def test_attributes_mode_refuses_what_does_not_fit() -> None:
    """With headers='attributes' eleven attributes are an error naming the way out."""
    with pytest.raises(TooManyAttributesError, match="headers='auto'"):
        encode_entry(
            b"", None, headers={f"h{n}": "x" for n in range(12)}, correlation_id="c", mode="attributes"
        )


def test_too_large() -> None:
    """More than a mebibyte is refused before it is sent."""
    with pytest.raises(MessageTooLargeError, match="1048576"):
        encode_entry(b"x" * 1_048_577, None, headers={}, correlation_id=None)


async def test_largest_message_fits(fake: FakeSQS) -> None:
    """What we call a mebibyte is what SQS calls one."""
    entry = encode_entry(b"x" * 1_048_576, None, headers={}, correlation_id=None)

    answer = await fake.send_message_batch(QueueUrl=fake.add_queue("work"), Entries=[{"Id": "0", **entry}])

    assert [] == answer["Failed"]


@pytest.mark.parametrize(
    "message",
    [
        {"MessageId": "m", "Body": "x"},
        {"MessageId": "m", "Body": "x", "MessageAttributes": {PACKED: {"StringValue": "no json"}}},
        {"MessageId": "m", "Body": "x", "MessageAttributes": {PACKED: {"StringValue": "[1]"}}},
        {"MessageId": "m", "Body": "x", "MessageAttributes": {"b": {"BinaryValue": b"\xff"}}},
        {"MessageId": "m", "Body": "x", "MessageAttributes": {"content-encoding": {"StringValue": "gzip"}}},
        {"MessageId": "m", "Body": ""},
    ],
)
async def test_foreign_messages_parse(message: dict[str, Any]) -> None:
    """Whatever SQS delivers can be parsed, and is identified by its message id."""
    assert "m" == (await read(message)).correlation_id
