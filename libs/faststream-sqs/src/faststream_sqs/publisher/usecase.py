"""A publisher: a queue with defaults for every message sent there."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from faststream.response import PublishCommand
from faststream.response.publish_type import PublishType

from faststream_sqs._faststream import EMPTY, PublisherMiddleware, PublisherUsecase, SendableMessage
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.message import SQSMessage
from faststream_sqs.response import IdOf, SQSPublishCommand
from faststream_sqs.schemas.queue import SQSQueue

from .config import SQSPublisherConfig
from .specification import SQSPublisherSpecification


class SQSPublisher(PublisherUsecase):
    """Publishes a handler's result, or what it is given."""

    _outer_config: SQSBrokerConfig

    def __init__(self, config: SQSPublisherConfig, specification: SQSPublisherSpecification) -> None:
        super().__init__(config, cast("Any", specification))  # its type parameters are invariant
        self._config = config
        self._address = ""

    @property
    def queue(self) -> SQSQueue:
        """Where it publishes, router prefixes included."""
        return self._config.queue.with_prefix(self._outer_config.prefix)

    async def start(self) -> None:
        """Find the queue, so that a missing one stops the start and not the first message."""
        await super().start()
        await self._outer_config.locate(self.queue)
        self._address = self.queue.address

    async def publish(
        self,
        message: SendableMessage,
        queue: str = "",
        *,
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        reply_to: str = "",
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
    ) -> Any:
        """Send a message; with `batch=True`, a list of messages."""
        cmd = SQSPublishCommand(
            message,
            queue=queue,
            headers=headers,
            correlation_id=correlation_id or self._outer_config.id_generator(),
            reply_to=reply_to,
            group_id=group_id,
            deduplication_id=deduplication_id,
            delay=delay,
            _publish_type=PublishType.PUBLISH,
        )
        return await self._publish(cmd, _extra_middlewares=())

    async def _publish(
        self, cmd: PublishCommand, *, _extra_middlewares: Iterable[PublisherMiddleware]
    ) -> Any:
        complete = self._completed(SQSPublishCommand.from_cmd(cmd, batch=self._config.batch))
        if not self._config.batch:
            return await self._basic_publish(
                complete, producer=self._outer_config.producer, _extra_middlewares=_extra_middlewares
            )
        if not complete.batch_bodies:
            return []
        return await self._basic_publish_batch(
            complete, producer=self._outer_config.producer, _extra_middlewares=_extra_middlewares
        )

    def _completed(self, cmd: SQSPublishCommand) -> SQSPublishCommand:
        defaults = self._config
        cmd.destination = cmd.destination or self._address or self.queue.address
        cmd.reply_to = cmd.reply_to or defaults.reply_to
        cmd.add_headers(defaults.headers, override=False)
        cmd.group_id = defaults.group_id if cmd.group_id is None else cmd.group_id
        if cmd.deduplication_id is None:
            cmd.deduplication_id = defaults.deduplication_id
        cmd.delay = defaults.delay if cmd.delay is None else cmd.delay
        cmd.send_linger = defaults.send_linger if cmd.send_linger is EMPTY else cmd.send_linger
        return cmd

    async def request(
        self,
        message: SendableMessage = None,
        queue: str = "",
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
            queue=queue,
            headers=headers,
            correlation_id=correlation_id or self._outer_config.id_generator(),
            group_id=group_id,
            deduplication_id=deduplication_id,
            timeout=timeout,
            _publish_type=PublishType.REQUEST,
        )
        return cast(
            "SQSMessage",
            await self._basic_request(self._completed(cmd), producer=self._outer_config.producer),
        )
