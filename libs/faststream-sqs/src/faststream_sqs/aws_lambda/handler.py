"""Lambda's entry: connects the broker, finds each message's subscriber, reports the failures."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from faststream.exceptions import SetupError, SubscriberNotFound

from faststream_sqs.broker.broker import SQSBroker
from faststream_sqs.configs import Connection
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.exceptions import public_errors
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.subscriber.usecase import SQSSubscriber

from .queue import LambdaQueue
from .records import Event, by_queue
from .settlement import LambdaSettlement

MARGIN = 1.0  # seconds before Lambda kills the process, in which to say what was done
UNTIMED = 900.0  # seconds: Lambda's longest

Report = dict[str, list[dict[str, str]]]


class LambdaContext(Protocol):
    """What the handler asks of Lambda."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the process is killed."""


def make_lambda_handler(broker: SQSBroker) -> "LambdaHandler":
    """A handler for an SQS event source mapping that reports failures (`ReportBatchItemFailures`).

    The broker connects at the first event and stays connected; its subscribers do not poll.
    """
    return LambdaHandler(broker)


class LambdaHandler:
    """Takes Lambda's events; `handle` is the same for a loop of your own."""

    def __init__(self, broker: SQSBroker) -> None:
        self._broker = broker
        self._runner: asyncio.Runner | None = None
        self._queues: dict[str, LambdaQueue] = {}

    def __call__(self, event: Event, context: LambdaContext | None = None) -> Report:
        """Lambda's entry."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        seconds = context.get_remaining_time_in_millis() / 1000 if context else UNTIMED
        return self._runner.run(self.handle(event, seconds))

    def close(self) -> None:
        """Disconnect; Lambda itself never asks for it."""
        if self._runner is not None:
            self._runner.run(self.stop())
            self._runner.close()
            self._runner = None

    async def stop(self) -> None:
        """Disconnect."""
        await self._broker.stop()
        self._broker.config.broker_config.in_memory = None

    async def handle(self, event: Event, seconds: float = UNTIMED) -> Report:
        """Run the handlers of an event's messages and name those that Lambda must not delete."""
        if not self._broker.running:
            await self._start()
        until = asyncio.get_running_loop().time() + max(0.0, seconds - MARGIN)
        failed: list[str] = []
        for arn, records in by_queue(event).items():
            failed += await (await self._queue(arn)).handle(records, until)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    async def _start(self) -> None:
        # With sources of their own, subscribers start no engine.
        self._broker.config.broker_config.in_memory = NoSources()
        self._queues.clear()
        await self._broker.start()

    async def _queue(self, arn: str) -> "LambdaQueue":
        if arn not in self._queues:
            settings = self._broker.config.broker_config
            subscriber = find_subscriber(self._broker, SQSQueue(arn).name, settings.queue_urls)
            self._queues[arn] = LambdaQueue(
                subscriber, await _settlement(subscriber, settings.connected, arn)
            )
        return self._queues[arn]


class NoSources:
    """Lambda brings messages to handlers only."""

    def source(self, queue: str) -> Any:
        """Raises SetupError."""
        raise SetupError(f"in Lambda no message can be taken from {queue!r} by hand: give it a handler")


def find_subscriber(broker: SQSBroker, queue: str, places: Mapping[str, str]) -> SQSSubscriber:
    """The subscriber of a queue by its real name; raises SubscriberNotFound."""
    known = [one for one in broker.subscribers if isinstance(one, SQSSubscriber)]
    for one in known:
        if queue == SQSQueue(places.get(one.queue.name, one.queue.name)).name:
            return one
    names = sorted(one.queue.name for one in known)
    raise SubscriberNotFound(f"Lambda brought messages of {queue!r}, but the broker consumes only {names}")


async def _settlement(subscriber: SQSSubscriber, connection: Connection, arn: str) -> LambdaSettlement:
    explicit = subscriber.dead_letter
    with public_errors(subscriber.queue.name):
        info, _ = await connection.queues.describe(subscriber.queue)
        target = explicit or (info.dead_letter_arn and SQSQueue(info.dead_letter_arn))
        where = await connection.queues.locate(target) if target else None
    info = replace(info, arn=arn)
    letters = DeadLetters(where, info, connection.sender) if where else None
    return LambdaSettlement(info, connection, letters)
