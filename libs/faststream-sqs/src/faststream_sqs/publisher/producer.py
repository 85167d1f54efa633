"""Encodes publications and hands them to the engine's sender."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from faststream.exceptions import FeatureNotSupportedException, IncorrectState

from faststream_sqs._faststream import CustomCallable, DefaultCodec, ParserComposition, ProducerProto
from faststream_sqs.engine.client import QueueInfo
from faststream_sqs.engine.queues import Queues
from faststream_sqs.engine.sender import Sender
from faststream_sqs.exceptions import BatchPublishError, FifoParameterError, SQSError, public_errors
from faststream_sqs.parser import HeaderMode, SQSParser, encode_entry
from faststream_sqs.response import SQSPublishCommand
from faststream_sqs.schemas.queue import SQSQueue

if TYPE_CHECKING:
    from fast_depends.library.serializer import SerializerProto

    from faststream_sqs._faststream import CodecProto


class SQSProducer(ProducerProto[SQSPublishCommand]):
    """Publishes to SQS once connected."""

    def __init__(
        self, parser: CustomCallable | None, decoder: CustomCallable | None, header_mode: HeaderMode = "auto"
    ) -> None:
        default = SQSParser()
        self._parser = ParserComposition(parser, default.parse_message)
        self._decoder = ParserComposition(decoder, default.decode_message)
        self.codec: CodecProto = DefaultCodec()
        self.serializer: SerializerProto | None = None
        self.header_mode = header_mode
        self._queues: Queues | None = None
        self._sender: Sender | None = None

    def connect(
        self,
        queues: Queues,
        sender: Sender,
        *,
        serializer: "SerializerProto | None",
        codec: "CodecProto | None",
    ) -> None:
        """From now on, publish through this sender."""
        self._queues, self._sender, self.serializer = queues, sender, serializer
        self.codec = codec or DefaultCodec()

    def disconnect(self) -> None:
        """Publish no more."""
        self._queues = self._sender = None

    async def publish(self, cmd: SQSPublishCommand) -> str:
        """The id SQS gave the message."""
        return await self._send(cmd, cmd.body)

    async def publish_batch(self, cmd: SQSPublishCommand) -> list[str]:
        """The ids SQS gave the messages; raises BatchPublishError naming those it did not take."""
        results = await asyncio.gather(
            *(self._send(cmd, body) for body in cmd.batch_bodies), return_exceptions=True
        )
        failed = {n: error for n, error in enumerate(results) if isinstance(error, SQSError)}
        others = [
            error for error in results if isinstance(error, BaseException) and not isinstance(error, SQSError)
        ]
        if others:
            raise others[0]
        if failed:
            raise BatchPublishError(failed)
        return [str(result) for result in results]

    async def request(self, cmd: SQSPublishCommand) -> NoReturn:  # noqa: ARG002 - FastStream's signature
        """Not yet."""
        raise FeatureNotSupportedException("SQS has no request/reply here yet: publish with reply_to instead")

    async def encode(self, cmd: SQSPublishCommand, body: Any) -> dict[str, Any]:
        """The entry SQS gets for one message of a publication."""
        content, content_type = await self.codec.encode(body, self.serializer)
        entry = encode_entry(
            content,
            content_type,
            headers=cmd.headers,
            correlation_id=cmd.correlation_id,
            reply_to=cmd.reply_to,
            mode=self.header_mode,
        )
        return {**entry, **cmd.parameters(body)}

    async def _send(self, cmd: SQSPublishCommand, body: Any) -> str:
        if self._queues is None or self._sender is None:
            raise IncorrectState(
                "the broker is not connected: call `await broker.connect()` before publishing"
            )
        entry = await self.encode(cmd, body)
        with public_errors(cmd.destination):
            queue = await self._queues.locate(SQSQueue(cmd.destination))
            check_fifo(queue, entry)
            return await self._sender.send(queue, entry)


def check_fifo(queue: QueueInfo, entry: Mapping[str, Any]) -> None:
    """Refuse what a FIFO queue would refuse."""
    if queue.fifo and "MessageGroupId" not in entry:
        raise FifoParameterError(f"FIFO queue {queue.name!r} needs a group_id with every message")
    if queue.fifo and entry.get("DelaySeconds"):
        raise FifoParameterError(f"FIFO queue {queue.name!r} takes no delay per message, only its own")
