"""What a handler may ask for, ready annotated."""

from typing import Annotated

from faststream import Context
from faststream.annotations import ContextRepo, Logger
from faststream.params import NoCast

from .broker.broker import SQSBroker as _Broker
from .engine.client import SQSClientProto
from .message import SQSBatchMessage as _Batch
from .message import SQSMessage as _Message
from .publisher.producer import SQSProducer as _Producer

__all__ = (
    "Client",
    "ContextRepo",
    "Logger",
    "NoCast",
    "SQSBatchMessage",
    "SQSBroker",
    "SQSMessage",
    "SQSProducer",
)

Client = Annotated[SQSClientProto, Context("broker._connection")]
SQSBroker = Annotated[_Broker, Context("broker")]
SQSBatchMessage = Annotated[_Batch, Context("message")]
SQSMessage = Annotated[_Message, Context("message")]
SQSProducer = Annotated[_Producer, Context("broker._producer")]
