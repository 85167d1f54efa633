"""The only door to FastStream's internals: there is no public broker API yet, so every use is listed here."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from faststream._internal.basic_types import LoggerProto, SendableMessage  # noqa: TID251
from faststream._internal.broker import BrokerUsecase  # noqa: TID251
from faststream._internal.broker.registrator import Registrator  # noqa: TID251
from faststream._internal.broker.router import ArgsContainer, BrokerRouter, SubscriberRoute  # noqa: TID251
from faststream._internal.configs import (  # noqa: TID251
    BrokerConfig,
    PublisherSpecificationConfig,
    PublisherUsecaseConfig,
    SubscriberSpecificationConfig,
    SubscriberUsecaseConfig,
)
from faststream._internal.constants import EMPTY, ContentTypes  # noqa: TID251
from faststream._internal.context.repository import ContextRepo  # noqa: TID251
from faststream._internal.di import FastDependsConfig  # noqa: TID251
from faststream._internal.endpoint.publisher import (  # noqa: TID251
    PublisherProto,
    PublisherSpecification,
    PublisherUsecase,
)
from faststream._internal.endpoint.publisher.fake import FakePublisher  # noqa: TID251
from faststream._internal.endpoint.subscriber import (  # noqa: TID251
    SubscriberSpecification,
    SubscriberUsecase,
)
from faststream._internal.endpoint.subscriber.call_item import CallsCollection, HandlerItem  # noqa: TID251
from faststream._internal.endpoint.subscriber.utils import default_filter  # noqa: TID251
from faststream._internal.endpoint.utils import ParserComposition, process_msg  # noqa: TID251
from faststream._internal.logger import DefaultLoggerStorage, LoggerState, make_logger_state  # noqa: TID251
from faststream._internal.logger.logging import get_broker_logger  # noqa: TID251
from faststream._internal.parser import CodecProto, DefaultCodec  # noqa: TID251
from faststream._internal.producer import ProducerProto  # noqa: TID251
from faststream._internal.testing.broker import EnterType, TestBroker, change_producer  # noqa: TID251
from faststream._internal.types import (  # noqa: TID251
    AsyncCallable,
    BrokerMiddleware,
    CustomCallable,
    IdGenerator,
    PublisherMiddleware,
)
from faststream.middlewares import AcknowledgementMiddleware, AckPolicy

__all__ = (
    "EMPTY",
    "ArgsContainer",
    "AsyncCallable",
    "BrokerConfig",
    "BrokerMiddleware",
    "BrokerRouter",
    "BrokerUsecase",
    "CallsCollection",
    "CodecProto",
    "ContentTypes",
    "ContextRepo",
    "CustomCallable",
    "DefaultCodec",
    "DefaultLoggerStorage",
    "EnterType",
    "FakePublisher",
    "FastDependsConfig",
    "HandlerItem",
    "IdGenerator",
    "LoggerProto",
    "LoggerState",
    "ParserComposition",
    "ProducerProto",
    "PublisherMiddleware",
    "PublisherProto",
    "PublisherSpecification",
    "PublisherSpecificationConfig",
    "PublisherUsecase",
    "PublisherUsecaseConfig",
    "Registrator",
    "SendableMessage",
    "SubscriberRoute",
    "SubscriberSpecification",
    "SubscriberSpecificationConfig",
    "SubscriberUsecase",
    "SubscriberUsecaseConfig",
    "TestBroker",
    "acknowledging",
    "change_producer",
    "default_filter",
    "get_broker_logger",
    "make_logger_state",
    "process_msg",
    "set_ack_policy",
)


def set_ack_policy(subscriber: SubscriberUsecase[Any], policy: AckPolicy) -> None:
    """Apply the policy known once routers are included; FastStream fixes it when the subscriber is made."""
    subscriber.ack_policy = policy
    setattr(subscriber, "_SubscriberUsecase__auto_ack_disabled", policy is AckPolicy.MANUAL)  # noqa: B010 - mangled


def acknowledging(
    logger: LoggerState, policy: AckPolicy, parser: Callable[..., Any]
) -> AcknowledgementMiddleware:
    """The policy's middleware; `parser` reads what nobody has read before it is settled."""
    # FastStream 0.7.8 put the parser in the place of options for the settling calls.
    older = "extra_options" in signature(AcknowledgementMiddleware).parameters
    given: dict[str, Any] = {"extra_options": {}} if older else {"fallback_parser": parser}
    return AcknowledgementMiddleware(logger, policy, **given)
