"""What a broker was told, and what it holds while connected."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from faststream.exceptions import IncorrectState

from faststream_sqs._faststream import BrokerConfig
from faststream_sqs.claim_check import ClaimChecks, S3ClaimCheck
from faststream_sqs.engine.client import QueueInfo, SQSApi, SQSClientProto
from faststream_sqs.engine.queues import OnMissing, Queues
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.sender import Sender
from faststream_sqs.engine.timing import Log
from faststream_sqs.exceptions import public_errors
from faststream_sqs.message import RawMessage, SQSBatchMessage, SQSMessage
from faststream_sqs.rpc import Replies
from faststream_sqs.schemas.queue import ProcessQueue, SQSQueue
from faststream_sqs.schemas.retry import ExponentialRetry, RetryPolicy

ClientFactory = Callable[[], AbstractAsyncContextManager[SQSClientProto]]
Validation = Literal["off", "warn", "strict"]


class Source(Protocol):
    """Where `get_one` takes messages from."""

    async def receive(self, count: int, seconds: float) -> list[RawMessage]:
        """At most so many messages, the first to come within so many seconds."""


class SourcesProto(Protocol):
    """Brings messages in place of the engine, in tests and in Lambda: subscribers do not poll."""

    def source(self, queue: str) -> Source:
        """A queue's messages."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The engine's parts that all endpoints of a broker share."""

    client: SQSClientProto
    api: SQSApi
    queues: Queues
    sender: Sender
    claim_checks: ClaimChecks | None = None
    replies: Replies | None = None


def annotations_instead() -> Mapping[Any, Any]:
    """For each class a handler's argument may be annotated with by mistake, the annotation that is meant."""
    return {
        SQSMessage: "faststream_sqs.SQSMessage",
        SQSBatchMessage: "faststream_sqs.SQSBatchMessage",
        RawMessage: "faststream_sqs.SQSMessage",
        SQSClientProto: "faststream_sqs.annotations.Client",
    }


@dataclass(kw_only=True)
class SQSBrokerConfig(BrokerConfig):
    """Broker-wide settings; a router's own copy of them is never read."""

    client_factory: ClientFactory | None = None
    queue_urls: Mapping[str, str] = field(default_factory=dict)
    max_workers: int = 1
    wait_time: int = 20
    handler_timeout: float | None = None
    on_missing_queue: OnMissing = "fail"
    validate: Validation = "warn"
    send_linger: float | None = 0.0
    retry: RetryPolicy = field(default_factory=ExponentialRetry)
    recorder: CountingRecorder = field(default_factory=CountingRecorder)
    claim_check: S3ClaimCheck | None = None
    response_queue: SQSQueue | ProcessQueue | None = None
    underlying_driver_annotations: Mapping[Any, Any] = field(default_factory=dict)
    # FastStream before 0.7.8 asks for neither of the two.
    default_driver_annotations: Mapping[Any, Any] = field(default_factory=annotations_instead)
    connection: Connection | None = None
    in_memory: SourcesProto | None = None

    def connect(self, client: SQSClientProto, claim_checks: ClaimChecks | None, log: Log) -> Connection:
        """Build the shared parts around a client."""
        api = SQSApi(client, self.recorder)
        queues = Queues(api, self.queue_urls, self.on_missing_queue)
        sender = Sender(api, self.send_linger)
        self.connection = Connection(
            client, api, queues, sender, claim_checks, self._replies(api, queues, log)
        )
        return self.connection

    def _replies(self, api: SQSApi, queues: Queues, log: Log) -> Replies | None:
        place = self.response_queue
        if place is None:
            return None
        return Replies(place, api, queues, recorder=self.recorder, log=log, wait_time=self.wait_time)

    @property
    def connected(self) -> Connection:
        """The shared parts; raises when there are none."""
        if self.connection is None:
            raise IncorrectState("the broker is not connected: call `await broker.connect()` first")
        return self.connection

    async def locate(self, queue: SQSQueue) -> QueueInfo:
        """The queue's URL; raises QueueNotFoundError."""
        with public_errors(queue.name):
            return await self.connected.queues.locate(queue)
