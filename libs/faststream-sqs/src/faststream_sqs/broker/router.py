"""A router: subscribers and publishers declared apart from the broker that will run them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from fast_depends.dependencies import Dependant
from faststream.middlewares import AckPolicy

from faststream_sqs._faststream import (
    EMPTY,
    ArgsContainer,
    BrokerMiddleware,
    BrokerRouter,
    CodecProto,
    CustomCallable,
    SubscriberRoute,
)
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.message import RawMessage
from faststream_sqs.schemas.queue import SQSQueue

from .registrator import SQSRegistrator


class SQSPublisher(ArgsContainer):
    """A publisher to be made later: takes what `SQSRouter.publisher` takes."""

    def __init__(self, queue: str | SQSQueue, **options: Any) -> None:
        super().__init__(queue, **options)


class SQSRoute(SubscriberRoute):
    """A handler to be subscribed later: takes what `SQSRouter.subscriber` takes."""

    def __init__(
        self,
        call: Callable[..., Any] | Callable[..., Awaitable[Any]],
        queue: str | SQSQueue,
        *,
        publishers: Iterable[SQSPublisher] = (),
        **options: Any,
    ) -> None:
        super().__init__(call, queue, publishers=publishers, **options)


class SQSRouter(SQSRegistrator, BrokerRouter[RawMessage, SQSBrokerConfig]):
    """Includable into a broker, or into several, one after the other."""

    def __init__(
        self,
        prefix: str = "",
        handlers: Iterable[SQSRoute] = (),
        *,
        dependencies: Sequence[Dependant] = (),
        middlewares: Sequence[BrokerMiddleware[Any, Any]] = (),
        routers: Iterable[SQSRegistrator] = (),
        parser: CustomCallable | None = None,
        decoder: CustomCallable | None = None,
        codec: CodecProto | None = None,
        include_in_schema: bool | None = None,
        ack_policy: AckPolicy = EMPTY,
        underlying_driver_annotations: Mapping[Any, Any] | None = None,
    ) -> None:
        super().__init__(
            handlers=handlers,
            config=SQSBrokerConfig(
                prefix=prefix,
                ack_policy=ack_policy,
                broker_dependencies=dependencies,
                broker_middlewares=middlewares,
                broker_parser=parser,
                broker_decoder=decoder,
                broker_codec=codec,
                include_in_schema=include_in_schema,
                underlying_driver_annotations=underlying_driver_annotations or {},
            ),
            routers=routers,
        )
