"""The broker: one client, its subscribers and publishers, from connect to drain."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, cast

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from fast_depends import Provider, dependency_provider
from fast_depends.dependencies import Dependant
from fast_depends.library.serializer import SerializerProto
from fast_depends.pydantic import PydanticSerializer
from faststream.exceptions import FeatureNotSupportedException
from faststream.message import gen_cor_id
from faststream.middlewares import AckPolicy
from faststream.security import BaseSecurity
from faststream.specification.schema import BrokerSpec
from faststream.specification.schema.extra import Tag, TagDict

from faststream_sqs._faststream import (
    EMPTY,
    BrokerMiddleware,
    CodecProto,
    ContextRepo,
    CustomCallable,
    FastDependsConfig,
    IdGenerator,
    LoggerProto,
)
from faststream_sqs.access import Access, Transport
from faststream_sqs.claim_check import ClaimChecks, S3ClaimCheck
from faststream_sqs.configs import ClientFactory, SQSBrokerConfig, Validation, annotations_instead
from faststream_sqs.engine.client import SQSClientProto
from faststream_sqs.engine.consumer import DEFAULT_GRACE, ConsumerStats, inside_handler, outside_handler
from faststream_sqs.engine.queues import OnMissing
from faststream_sqs.engine.recorder import CountingRecorder, Recorder
from faststream_sqs.engine.signals import hurried_by_signals
from faststream_sqs.parser import HeaderMode
from faststream_sqs.publisher.producer import SQSProducer
from faststream_sqs.schemas.queue import ProcessQueue, SQSQueue
from faststream_sqs.schemas.retry import ExponentialRetry, RetryPolicy
from faststream_sqs.security import only_once, parse_security
from faststream_sqs.subscriber.usecase import SQSSubscriber

from .logging import make_sqs_logger_state
from .publications import Publications
from .registrator import SQSRegistrator

# An invalid message's content belongs into the dead-letter queue, not into the log of its error.
QUIET_SERIALIZER = PydanticSerializer(
    {"arbitrary_types_allowed": True, "hide_input_in_errors": True}, use_fastdepends_errors=False
)


class SQSBroker(SQSRegistrator, Publications):
    """A FastStream broker for Amazon SQS."""

    def __init__(
        self,
        endpoint_url: str | None = None,
        *,
        region_name: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        session: AioSession | None = None,
        client_config: AioConfig | None = None,
        client_factory: ClientFactory | None = None,
        transport: Transport = "aiobotocore",
        queue_urls: Mapping[str, str] | None = None,
        max_workers: int = 1,
        wait_time: int = 20,
        handler_timeout: float | None = None,
        on_missing_queue: OnMissing = "fail",
        validate: Validation = "warn",
        send_linger: float | None = 0.0,
        headers: HeaderMode = "auto",
        claim_check: S3ClaimCheck | None = None,
        response_queue: str | SQSQueue | ProcessQueue | None = None,
        retry: RetryPolicy | None = None,
        recorder: Recorder | None = None,
        graceful_timeout: float | None = DEFAULT_GRACE,
        ack_policy: AckPolicy = EMPTY,
        decoder: CustomCallable | None = None,
        parser: CustomCallable | None = None,
        codec: CodecProto | None = None,
        dependencies: Sequence[Dependant] = (),
        middlewares: Sequence[BrokerMiddleware[Any, Any]] = (),
        routers: Iterable[SQSRegistrator] = (),
        id_generator: IdGenerator = gen_cor_id,
        security: BaseSecurity | None = None,
        specification_url: str | None = None,
        protocol: str | None = None,
        protocol_version: str | None = None,
        description: str | None = None,
        tags: Iterable[Tag | TagDict] = (),
        logger: LoggerProto | None = EMPTY,
        log_level: int = logging.INFO,
        apply_types: bool = True,
        serializer: SerializerProto | None = EMPTY,
        provider: Provider | None = None,
        context: ContextRepo | None = None,
        underlying_driver_annotations: Mapping[Any, Any] | None = None,
    ) -> None:
        """Everything is optional: AWS's own endpoint, region and credentials are the default.

        Args:
            endpoint_url: Another SQS than AWS's.
            region_name: The AWS region.
            aws_access_key_id: Only where there is no role, profile or environment to take it from.
            aws_secret_access_key: Likewise.
            aws_session_token: Likewise.
            session: An aiobotocore session with its own credential chain.
            client_config: Merged over this broker's client configuration.
            client_factory: Another client altogether, as an async context manager.
            transport: "lean" makes the frequent requests without aiobotocore, for less processor time.
            queue_urls: Where logical queue names really are: name, URL or ARN of each.
            max_workers: Handlers at once of a subscriber that does not say.
            wait_time: Seconds a receive waits, of a subscriber that does not say.
            handler_timeout: Seconds a handler may take, of a subscriber that does not say.
            on_missing_queue: Fail at start, or create what is missing.
            validate: Whether a queue that is not as declared is ignored, warned of, or refused.
            send_linger: Seconds a message waits for company; 0 for the loop's tick, None for not at all.
            headers: One attribute per header, all in one, or the first unless they do not fit.
            claim_check: Bodies too large for SQS go through S3, in the format of AWS's extended clients.
            response_queue: Where `request` has its replies sent: a shared queue, or one of this process.
            retry: When a returned message comes back.
            recorder: Told of every request and settlement.
            graceful_timeout: Seconds that stopping may take.
            ack_policy: What becomes of messages whose handlers failed.
            decoder: Turns a message's bytes into an object.
            parser: Turns a raw message into an SQSMessage.
            codec: Encodes and decodes bodies.
            dependencies: FastStream dependencies of every handler.
            middlewares: Around every consumption and publication.
            routers: Included at once.
            id_generator: Makes correlation ids.
            security: SASLPlaintext for an access key and its secret, shown in the AsyncAPI document.
            specification_url: For the AsyncAPI document.
            protocol: For the AsyncAPI document.
            protocol_version: For the AsyncAPI document.
            description: For the AsyncAPI document.
            tags: For the AsyncAPI document.
            logger: Where to log; None for nowhere.
            log_level: The access log's level.
            apply_types: Whether FastDepends injects and validates.
            serializer: FastDepends' serializer.
            provider: FastDepends' dependency provider.
            context: The context repository.
            underlying_driver_annotations: Classes handlers must not be annotated with, and what is meant.
        """
        keys = {
            "aws_access_key_id": aws_access_key_id,
            "aws_secret_access_key": aws_secret_access_key,
            "aws_session_token": aws_session_token,
        }
        self._access = access = Access(
            endpoint_url=endpoint_url,
            region_name=region_name,
            session=session,
            client_config=client_config,
            transport=transport,
            **only_once(parse_security(security), keys),
        )
        url = specification_url or endpoint_url or f"https://sqs.{region_name or 'region'}.amazonaws.com"
        super().__init__(
            routers=routers,
            config=SQSBrokerConfig(
                client_factory=client_factory or access.client,
                queue_urls=dict(queue_urls or {}),
                max_workers=max_workers,
                wait_time=wait_time,
                handler_timeout=handler_timeout,
                on_missing_queue=on_missing_queue,
                validate=validate,
                send_linger=send_linger,
                claim_check=claim_check,
                response_queue=SQSQueue(response_queue)
                if isinstance(response_queue, str)
                else response_queue,
                retry=retry or ExponentialRetry(),
                recorder=CountingRecorder(recorder),
                producer=SQSProducer(parser, decoder, headers),
                broker_middlewares=middlewares,
                broker_parser=parser,
                broker_decoder=decoder,
                broker_codec=codec,
                broker_dependencies=dependencies,
                logger=make_sqs_logger_state(logger=logger, log_level=log_level),
                fd_config=FastDependsConfig(
                    use_fastdepends=apply_types,
                    serializer=QUIET_SERIALIZER if serializer is EMPTY else serializer,
                    provider=provider or dependency_provider,
                    context=context or ContextRepo(),
                ),
                graceful_timeout=graceful_timeout,
                ack_policy=ack_policy,
                id_generator=id_generator,
                extra_context={"broker": self},
                default_driver_annotations={
                    **annotations_instead(),
                    SQSBroker: "faststream_sqs.annotations.SQSBroker",
                },
                underlying_driver_annotations=underlying_driver_annotations or {},
            ),
            specification=BrokerSpec(
                url=[url],
                protocol=protocol or "sqs",
                protocol_version=protocol_version,
                description=description,
                tags=tags,
                security=security,
            ),
        )
        self._client_stack = AsyncExitStack()
        self._stop_task: asyncio.Task[None] | None = None

    @property
    def requests(self) -> Counter[str]:
        """Requests made so far, by action: what SQS bills."""
        return self._settings.recorder.requests

    @property
    def stats(self) -> dict[str, ConsumerStats]:
        """What each subscriber is doing, by queue."""
        return {one.queue.name: one.stats for one in self._sqs_subscribers if one.stats}

    def pause(self, *queues: str) -> None:
        """Receive nothing more for now, of these queues or all; what is held is handled and stays leased."""
        for subscriber in self._of(queues):
            subscriber.pause()

    def resume(self, *queues: str) -> None:
        """Receive again, from these queues or all."""
        for subscriber in self._of(queues):
            subscriber.resume()

    def hurry(self) -> None:
        """Cut a stop short: cancel the handlers still at work, give back their messages, settle, end.

        A stop signal that arrives while the broker is stopping does this.
        """
        for subscriber in self._sqs_subscribers:
            subscriber.hurry()

    async def start(self) -> None:
        """Connect, find every queue, begin to poll."""
        await self.connect()
        try:
            await super().start()
        except BaseException:
            # What began to poll before the failure must not hold messages nobody will handle.
            await self.stop()
            raise

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Drain every subscriber, then disconnect; from inside a handler, begin to and return."""
        if self._stop_task is None or self._stop_task.done():
            self._stop_task = outside_handler(self._stop(exc_type, exc_val, exc_tb))
        if not inside_handler():
            await asyncio.shield(self._stop_task)

    async def ping(self, timeout: float | None = None) -> bool:  # noqa: ARG002, ASYNC109 - FastStream's signature
        """Whether every subscriber's polls are answered; costs no request."""
        return self.running and all(one.healthy for one in self._sqs_subscribers)

    @property
    def alive(self) -> bool:
        """Whether every engine is at work, even while SQS does not answer: False calls for a restart."""
        return all(one.alive for one in self._sqs_subscribers)

    @property
    def _sqs_subscribers(self) -> list[SQSSubscriber]:
        return cast("list[SQSSubscriber]", self.subscribers)

    def _of(self, queues: Sequence[str]) -> list[SQSSubscriber]:
        known = {one.queue.name for one in self._sqs_subscribers}
        if unknown := set(queues) - known:
            raise ValueError(f"no subscriber of {sorted(unknown)}, only of {sorted(known)}")
        return [one for one in self._sqs_subscribers if not queues or one.queue.name in queues]

    async def _connect(self) -> SQSClientProto:
        settings = self._settings
        if settings.client_factory is None:
            raise FeatureNotSupportedException("a router cannot connect, include it into an SQSBroker")
        client = await self._client_stack.enter_async_context(settings.client_factory())
        connection = settings.connect(client, await self._claim_checks(), self._log_engine)
        cast("SQSProducer", settings.producer).connect(
            connection,
            serializer=settings.fd_config._serializer,  # noqa: SLF001 - FastStream offers no other way
            codec=settings.broker_codec,
        )
        return client

    async def _claim_checks(self) -> ClaimChecks | None:
        wanted = self._settings.claim_check
        if wanted is None:
            return None
        checks = ClaimChecks.connected(wanted, lambda: self._access.s3(wanted.endpoint_url))
        return await self._client_stack.enter_async_context(checks)

    def _log_engine(self, level: int, text: str) -> None:
        self._settings.logger.log(text, level)

    async def _stop(self, *exc: Any) -> None:
        try:
            with hurried_by_signals(self.hurry):
                await super().stop(*exc)
        finally:
            await self._disconnect()

    async def _disconnect(self) -> None:
        settings = self._settings
        if settings.connection is not None:
            if settings.connection.replies is not None:
                await settings.connection.replies.stop()
            await settings.connection.sender.drain()
            settings.connection = None
            cast("SQSProducer", settings.producer).disconnect()
        self._connection = None
        await self._client_stack.aclose()
