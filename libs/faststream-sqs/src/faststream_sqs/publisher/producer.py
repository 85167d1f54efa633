"""Encodes publications and hands them to the engine's sender."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from faststream.exceptions import IncorrectState, SetupError

from faststream_sqs._faststream import EMPTY, CustomCallable, DefaultCodec, ParserComposition, ProducerProto
from faststream_sqs.configs import Connection
from faststream_sqs.engine.client import CallError, QueueInfo
from faststream_sqs.engine.sender import entry_bytes
from faststream_sqs.engine.sent import Linger, SendResult
from faststream_sqs.exceptions import (
    BatchPublishError,
    FifoParameterError,
    SQSError,
    public_error,
    public_errors,
)
from faststream_sqs.message import RawMessage
from faststream_sqs.parser import HeaderMode, SQSParser, check_size, encode_entry
from faststream_sqs.response import SQSPublishCommand
from faststream_sqs.rpc import REPLY_TOKEN, Replies

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
        self._connection: Connection | None = None

    def connect(
        self,
        connection: Connection,
        *,
        serializer: "SerializerProto | None",
        codec: "CodecProto | None",
    ) -> None:
        """From now on, publish through this connection."""
        self._connection, self.serializer = connection, serializer
        self.codec = codec or DefaultCodec()

    def disconnect(self) -> None:
        """Publish no more."""
        self._connection = None

    async def publish(self, cmd: SQSPublishCommand) -> SendResult:
        """What SQS says of the message."""
        return await self._send(cmd, cmd.body)

    async def publish_batch(self, cmd: SQSPublishCommand) -> list[SendResult]:
        """What SQS says of the messages; raises BatchPublishError naming those it did not take."""
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
        return [result for result in results if isinstance(result, SendResult)]

    async def request(self, cmd: SQSPublishCommand) -> RawMessage:
        """The reply; raises TimeoutError when none comes in time."""
        connection = self._connected
        replies = connection.replies
        if replies is None:
            raise SetupError(
                "a request needs a queue for its reply: SQSBroker(response_queue=...) takes a shared queue's "
                "name, or ProcessQueue() for one of this process alone"
            )
        async with asyncio.timeout(cmd.timeout):
            reply = await self._exchange(cmd, replies)
        if connection.claim_checks is None:
            return reply
        content = await connection.claim_checks.fetch(reply.message)
        return RawMessage(reply.lease, reply.settlement, content)

    async def _exchange(self, cmd: SQSPublishCommand, replies: Replies) -> RawMessage:
        with public_errors("of replies"):
            cmd.reply_to = await replies.open()
        token, reply = replies.expect(cmd.correlation_id or "")
        cmd.headers[REPLY_TOKEN] = token
        try:
            await self._send(cmd, cmd.body)
            return await reply
        finally:
            replies.forget(token)

    async def encode(self, cmd: SQSPublishCommand, body: Any) -> dict[str, Any]:
        """The entry SQS gets for one message of a publication; a large body goes to S3 if so set up."""
        content, content_type = await self.codec.encode(body, self.serializer)
        entry = self._entry(cmd, content, content_type, offload=False)
        checks = self._connection.claim_checks if self._connection else None
        if checks is None:
            self._check_size(entry)
        elif entry_bytes(entry) > checks.settings.threshold:
            entry = await checks.store(self._entry(cmd, content, content_type, offload=True))
            check_size(entry)
        return {**entry, **cmd.parameters(body)}

    def _check_size(self, entry: dict[str, Any]) -> None:
        check_size(entry)

    def _entry(
        self, cmd: SQSPublishCommand, content: bytes, content_type: str | None, *, offload: bool
    ) -> dict[str, Any]:
        return encode_entry(
            content,
            content_type,
            headers=cmd.headers,
            correlation_id=cmd.correlation_id,
            reply_to=cmd.reply_to,
            mode=self.header_mode,
            reserved=int(offload),
            limit=None,
        )

    @property
    def _connected(self) -> Connection:
        if self._connection is None:
            raise IncorrectState(
                "the broker is not connected: call `await broker.connect()` before publishing"
            )
        return self._connection

    async def _send(self, cmd: SQSPublishCommand, body: Any) -> SendResult:
        connection = self._connected
        entry = await self.encode(cmd, body)
        # A context manager costs more here than everything else around the send.
        try:
            queue = await connection.queues.target(cmd.destination)
            check_fifo(queue, entry)
            return await connection.sender.send(queue, entry, _linger(cmd))
        except CallError as error:
            raise public_error(cmd.destination, error) from error


def _linger(cmd: SQSPublishCommand) -> Linger:
    return "default" if cmd.send_linger is EMPTY else cmd.send_linger


def check_fifo(queue: QueueInfo, entry: Mapping[str, Any]) -> None:
    """Refuse what a FIFO queue would refuse."""
    if queue.fifo and "MessageGroupId" not in entry:
        raise FifoParameterError(f"FIFO queue {queue.name!r} needs a group_id with every message")
    if queue.fifo and entry.get("DelaySeconds"):
        raise FifoParameterError(f"FIFO queue {queue.name!r} takes no delay per message, only its own")
