"""What a broker was told, and what it holds while connected."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal

from faststream.exceptions import IncorrectState

from faststream_sqs._faststream import BrokerConfig
from faststream_sqs.engine.client import QueueInfo, SQSApi, SQSClientProto
from faststream_sqs.engine.queues import OnMissing, Queues
from faststream_sqs.engine.recorder import CountingRecorder
from faststream_sqs.engine.sender import Sender
from faststream_sqs.exceptions import public_errors
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.schemas.retry import ExponentialRetry, RetryPolicy

ClientFactory = Callable[[], AbstractAsyncContextManager[SQSClientProto]]
Validation = Literal["off", "warn", "strict"]


@dataclass(frozen=True, slots=True)
class Connection:
    """The engine's parts that all endpoints of a broker share."""

    client: SQSClientProto
    api: SQSApi
    queues: Queues
    sender: Sender


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
    connection: Connection | None = None

    def connect(self, client: SQSClientProto) -> Connection:
        """Build the shared parts around a client."""
        api = SQSApi(client, self.recorder)
        queues = Queues(api, self.queue_urls, self.on_missing_queue)
        self.connection = Connection(client, api, queues, Sender(api, self.send_linger))
        return self.connection

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
