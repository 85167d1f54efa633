"""Declares subscribers and publishers, on a broker or a router."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from fast_depends.dependencies import Dependant
from faststream.middlewares import AckPolicy

from faststream_sqs._faststream import (
    EMPTY,
    BrokerMiddleware,
    CodecProto,
    CustomCallable,
    Registrator,
)
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.engine.consumer import OnLeaseLost
from faststream_sqs.envelope import Envelope, EnvelopeName, envelope_of
from faststream_sqs.message import RawMessage
from faststream_sqs.publisher.config import SQSPublisherConfig
from faststream_sqs.publisher.factory import create_publisher
from faststream_sqs.publisher.usecase import SQSPublisher
from faststream_sqs.response import IdOf
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.schemas.retry import RetryPolicy
from faststream_sqs.subscriber.config import Consumption, SQSSubscriberConfig
from faststream_sqs.subscriber.factory import create_subscriber
from faststream_sqs.subscriber.usecase import SQSSubscriber


class SQSRegistrator(Registrator[RawMessage, SQSBrokerConfig]):
    """What `SQSBroker` and `SQSRouter` have in common."""

    def subscriber(  # type: ignore[override]
        self,
        queue: str | SQSQueue,
        *,
        max_workers: int | None = None,
        prefetch: int = 0,
        pollers: int = 1,
        wait_time: int | None = None,
        receive_linger: float = 0.0,
        visibility_timeout: int | None = None,
        heartbeat: bool = True,
        max_lease: float = 3600.0,
        on_lease_lost: OnLeaseLost = "cancel",
        handler_timeout: float | None = None,
        ack_linger: float | None = None,
        retry: RetryPolicy | None = None,
        dead_letter: str | SQSQueue | None = None,
        reject_invalid: bool = True,
        batch: bool = False,
        batch_size: int = 10,
        batch_window: float = 0.0,
        envelope: Envelope | EnvelopeName | None = None,
        ack_policy: AckPolicy = EMPTY,
        no_reply: bool = False,
        dependencies: Sequence[Dependant] = (),
        parser: CustomCallable | None = None,
        decoder: CustomCallable | None = None,
        codec: CodecProto | None = None,
        persistent: bool = True,
        title: str | None = None,
        description: str | None = None,
        include_in_schema: bool = True,
    ) -> SQSSubscriber:
        """Subscribe a handler to a queue. All times are seconds.

        Args:
            queue: Its name, URL or ARN.
            max_workers: Handlers at once; by default the broker's.
            prefetch: Messages held beyond those being handled; 0 unless handlers take milliseconds.
            pollers: Receives in flight at most; more than one only while answers come back full.
            wait_time: How long one receive waits, at most 20; by default the broker's.
            receive_linger: Pause after a partly filled receive, so that the next one brings more.
            visibility_timeout: The lease; by default the queue's own.
            heartbeat: Extend leases for as long as their handlers run.
            max_lease: When to stop extending one.
            on_lease_lost: Cancel the handler of a message SQS took back, or let it go on.
            handler_timeout: When to cancel a handler; it fails with TimeoutError.
            ack_linger: How long an acknowledgement may wait for company; 1 s, on FIFO queues 20 ms.
            retry: When a returned message comes back; by default the broker's policy.
            dead_letter: Where rejected messages go; by default the queue's redrive target.
            reject_invalid: Reject, on the first delivery, a message that cannot be decoded or validated.
            batch: The handler takes a list of bodies, and `SQSBatchMessage` in place of `SQSMessage`.
            batch_size: Messages of one call at most; more than ten are brought by several receives.
            batch_window: How long the first message of a batch may wait for others.
            envelope: What to take off first: "sns", "s3", "eventbridge", "auto" or an envelope of your own.
            ack_policy: What becomes of a message whose handler failed; NACK_ON_ERROR by default.
            no_reply: Publish no answer to a message's reply-to.
            dependencies: FastStream dependencies of every handler.
            parser: Turns a raw message into an SQSMessage.
            decoder: Turns a message's bytes into an object.
            codec: Replaces the decoder.
            persistent: Keep the subscriber even if nothing refers to it.
            title: AsyncAPI title.
            description: AsyncAPI description.
            include_in_schema: Whether AsyncAPI shows it.
        """
        consumption = Consumption(
            max_workers=max_workers,
            prefetch=prefetch,
            pollers=pollers,
            wait_time=wait_time,
            receive_linger=receive_linger,
            visibility_timeout=visibility_timeout,
            heartbeat=heartbeat,
            max_lease=max_lease,
            on_lease_lost=on_lease_lost,
            handler_timeout=handler_timeout,
            ack_linger=ack_linger,
            retry=retry,
            dead_letter=None if dead_letter is None else SQSQueue.of(dead_letter),
            reject_invalid=reject_invalid,
            batch_size=batch_size,
            batch_window=batch_window,
        )
        config = SQSSubscriberConfig(
            queue=SQSQueue.of(queue),
            consumption=consumption,
            batch=batch,
            envelope=envelope_of(envelope),
            no_reply=no_reply,
            _outer_config=cast("SQSBrokerConfig", self.config),
            _ack_policy=ack_policy,
        )
        subscriber = create_subscriber(
            config, title=title, description=description, include_in_schema=include_in_schema
        )
        super().subscriber(subscriber, persistent=persistent)
        return subscriber.add_call(
            parser_=parser or self._parser,
            decoder_=decoder or self._decoder,
            codec_=codec,
            dependencies_=dependencies,
        )

    def publisher(  # type: ignore[override]
        self,
        queue: str | SQSQueue,
        *,
        batch: bool = False,
        headers: dict[str, Any] | None = None,
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
        reply_to: str = "",
        send_linger: float | None = EMPTY,
        persistent: bool = True,
        title: str | None = None,
        description: str | None = None,
        schema: Any | None = None,
        include_in_schema: bool = True,
    ) -> SQSPublisher:
        """Publish a handler's results to a queue.

        Args:
            queue: Its name, URL or ARN.
            batch: The handler returns a list; each item becomes a message of its own.
            headers: Headers of every message.
            group_id: The FIFO group, or the tenant of a fair queue; or a function of the message.
            deduplication_id: The FIFO deduplication id, or a function of the message.
            delay: Seconds before SQS shows the message; not on FIFO queues.
            reply_to: The queue where an answer is expected.
            send_linger: Seconds a message waits for company; by default the broker's.
            persistent: Keep the publisher even if nothing refers to it.
            title: AsyncAPI title.
            description: AsyncAPI description.
            schema: AsyncAPI message type.
            include_in_schema: Whether AsyncAPI shows it.
        """
        config = SQSPublisherConfig(
            queue=SQSQueue.of(queue),
            batch=batch,
            headers=headers or {},
            group_id=group_id,
            deduplication_id=deduplication_id,
            delay=delay,
            reply_to=reply_to,
            send_linger=send_linger,
            _outer_config=cast("SQSBrokerConfig", self.config),
        )
        publisher = create_publisher(
            config, title=title, description=description, schema=schema, include_in_schema=include_in_schema
        )
        super().publisher(publisher, persistent=persistent)
        return publisher

    def include_router(
        self,
        router: "SQSRegistrator",  # type: ignore[override]
        *,
        prefix: str = "",
        dependencies: Sequence[Dependant] = (),
        middlewares: Sequence[BrokerMiddleware[Any, Any]] = (),
        include_in_schema: bool | None = None,
    ) -> None:
        """Take over a router's subscribers and publishers."""
        if not isinstance(router, SQSRegistrator):
            raise TypeError(f"only an SQSRouter can be included, not a {type(router).__name__}")
        super().include_router(
            router,
            prefix=prefix,
            dependencies=dependencies,
            middlewares=middlewares,
            include_in_schema=include_in_schema,
        )
