"""What FastStream's metrics want to know of a message."""

from typing import Any

from faststream.message import StreamMessage
from faststream.prometheus import ConsumeAttrs, MetricsSettingsProvider

from faststream_sqs.message import RawMessage, SQSBatchMessage
from faststream_sqs.response import SQSPublishCommand


class SQSMetricsSettingsProvider(MetricsSettingsProvider[RawMessage, SQSPublishCommand]):
    """Queues by name, never by URL: that holds an account number."""

    __slots__ = ("messaging_system",)

    def __init__(self) -> None:
        self.messaging_system = "aws_sqs"

    def get_consume_attrs_from_message(self, msg: StreamMessage[Any]) -> ConsumeAttrs:
        """Queue, bytes and number of a message or a batch."""
        bodies = msg.body if isinstance(msg, SQSBatchMessage) else [msg.body]
        return {
            "destination_name": msg.raw_message.settlement.queue.name,
            "message_size": sum(map(len, bodies)),
            "messages_count": len(bodies),
        }

    def get_publish_destination_name_from_cmd(self, cmd: SQSPublishCommand) -> str:
        """The queue's name."""
        return cmd.destination.rstrip("/").rsplit("/", 1)[-1]
