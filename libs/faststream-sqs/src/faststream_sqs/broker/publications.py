"""What a broker sends: messages, batches, and requests that wait for their reply."""

from datetime import timedelta
from typing import Any, cast

from faststream.response.publish_type import PublishType

from faststream_sqs._faststream import BrokerUsecase, SendableMessage
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.engine.client import SQSClientProto
from faststream_sqs.engine.sent import SendResult
from faststream_sqs.message import RawMessage, SQSMessage
from faststream_sqs.response import IdOf, SQSPublishCommand
from faststream_sqs.schemas.queue import SQSQueue


class Publications(BrokerUsecase[RawMessage, SQSClientProto, SQSBrokerConfig]):
    """The sending half of `SQSBroker`."""

    async def publish(
        self,
        message: SendableMessage = None,
        queue: str | SQSQueue = "",
        *,
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        reply_to: str = "",
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
    ) -> SendResult:
        """Send a message and return its id and place; raises SQSError when SQS did not take it."""
        cmd = SQSPublishCommand(
            message,
            queue=SQSQueue.of(queue).address,
            headers=headers,
            correlation_id=correlation_id or self._settings.id_generator(),
            reply_to=reply_to,
            group_id=group_id,
            deduplication_id=deduplication_id,
            delay=delay,
            _publish_type=PublishType.PUBLISH,
        )
        return cast("SendResult", await self._basic_publish(cmd, producer=self.config.producer))

    async def publish_batch(
        self,
        *messages: SendableMessage,
        queue: str | SQSQueue,
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        reply_to: str = "",
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
    ) -> list[SendResult]:
        """Send messages, return their ids and places; raises BatchPublishError naming those not taken."""
        if not messages:
            return []
        cmd = SQSPublishCommand(
            *messages,
            queue=SQSQueue.of(queue).address,
            headers=headers,
            correlation_id=correlation_id or self._settings.id_generator(),
            reply_to=reply_to,
            group_id=group_id,
            deduplication_id=deduplication_id,
            delay=delay,
            _publish_type=PublishType.PUBLISH,
        )
        return cast("list[SendResult]", await self._basic_publish_batch(cmd, producer=self.config.producer))

    async def request(
        self,
        message: SendableMessage = None,
        queue: str | SQSQueue = "",
        /,
        timeout: float = 30.0,  # noqa: ASYNC109 - FastStream's signature
        *,
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
    ) -> SQSMessage:
        """Send a message and wait for its reply; raises TimeoutError when none comes in time."""
        cmd = SQSPublishCommand(
            message,
            queue=SQSQueue.of(queue).address,
            headers=headers,
            correlation_id=correlation_id or self._settings.id_generator(),
            group_id=group_id,
            deduplication_id=deduplication_id,
            timeout=timeout,
            _publish_type=PublishType.REQUEST,
        )
        return cast("SQSMessage", await self._basic_request(cmd, producer=self.config.producer))

    @property
    def _settings(self) -> SQSBrokerConfig:
        return self.config.broker_config
