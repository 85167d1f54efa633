"""What FastStream's spans want to know of a message."""

from typing import Any

from faststream.message import StreamMessage
from faststream.opentelemetry import TelemetrySettingsProvider
from faststream.opentelemetry.consts import MESSAGING_DESTINATION_PUBLISH_NAME
from opentelemetry.semconv.trace import (  # type: ignore[import-not-found,unused-ignore]  # an optional extra
    SpanAttributes,
)

from faststream_sqs.message import RawMessage, SQSBatchMessage
from faststream_sqs.response import SQSPublishCommand


class SQSTelemetrySettingsProvider(TelemetrySettingsProvider[RawMessage, SQSPublishCommand]):
    """Queues by name, never by URL: that holds an account number."""

    __slots__ = ("messaging_system",)

    def __init__(self) -> None:
        self.messaging_system = "aws_sqs"

    def get_consume_attrs_from_message(self, msg: StreamMessage[Any]) -> dict[str, Any]:
        """A consuming span's attributes."""
        batch = isinstance(msg, SQSBatchMessage)
        bodies = msg.body if batch else [msg.body]
        attributes = {
            SpanAttributes.MESSAGING_SYSTEM: self.messaging_system,
            SpanAttributes.MESSAGING_MESSAGE_ID: msg.message_id,
            SpanAttributes.MESSAGING_MESSAGE_CONVERSATION_ID: msg.correlation_id,
            SpanAttributes.MESSAGING_MESSAGE_PAYLOAD_SIZE_BYTES: sum(map(len, bodies)),
            MESSAGING_DESTINATION_PUBLISH_NAME: self.get_consume_destination_name(msg),
        }
        count = {SpanAttributes.MESSAGING_BATCH_MESSAGE_COUNT: len(bodies)} if batch else {}
        return attributes | count

    def get_consume_destination_name(self, msg: StreamMessage[Any]) -> str:
        """The queue's name."""
        return str(msg.raw_message.settlement.queue.name)

    def get_publish_attrs_from_cmd(self, cmd: SQSPublishCommand) -> dict[str, Any]:
        """A publishing span's attributes."""
        return {
            SpanAttributes.MESSAGING_SYSTEM: self.messaging_system,
            SpanAttributes.MESSAGING_DESTINATION_NAME: self.get_publish_destination_name(cmd),
            SpanAttributes.MESSAGING_MESSAGE_CONVERSATION_ID: cmd.correlation_id,
        }

    def get_publish_destination_name(self, cmd: SQSPublishCommand) -> str:
        """The queue's name."""
        return cmd.destination.rstrip("/").rsplit("/", 1)[-1]
