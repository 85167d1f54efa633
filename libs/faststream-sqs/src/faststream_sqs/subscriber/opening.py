"""Finds a subscriber's queue, checks it, and builds what consumes it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from faststream_sqs.configs import Connection
from faststream_sqs.engine.client import CallError, QueueInfo
from faststream_sqs.engine.consumer import BatchHandler, Consumer, Handler
from faststream_sqs.engine.custody import Custody
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.engine.pull import Puller
from faststream_sqs.engine.queues import mismatches
from faststream_sqs.engine.timing import Log
from faststream_sqs.exceptions import QueueMismatchError, public_errors
from faststream_sqs.schemas.queue import SQSQueue

from .advice import advice
from .config import SQSSubscriberConfig


class Opening:
    """One subscriber's way to its queue."""

    def __init__(
        self, config: SQSSubscriberConfig, queue: SQSQueue, connection: Connection, log: Log
    ) -> None:
        self._config, self._queue, self._connection, self._log = config, queue, connection, log
        self._broker = config._outer_config  # noqa: SLF001 - FastStream's name for the field

    async def consumer(
        self, handler: Handler, batch_handler: BatchHandler, on_stopped: Callable[[], None]
    ) -> Consumer:
        """For handlers."""
        info = await self._find()
        return Consumer(
            self._connection.api,
            info,
            handler,
            self._config.options(),
            batch_handler=batch_handler if self._config.batch else None,
            recorder=self._broker.recorder,
            dead_letters=await self._dead_letters(info),
            retry=self._config.retry,
            log=self._log,
            on_stopped=on_stopped,
        )

    async def puller(self) -> Puller:
        """For `get_one` and `async for`."""
        info, own, recorder = await self._find(), self._config.consumption, self._broker.recorder
        custody = Custody(
            self._connection.api,
            info,
            recorder=recorder,
            dead_letters=await self._dead_letters(info),
            retry=self._config.retry,
            log=self._log,
            max_lease=own.max_lease,
            ack_linger=own.ack_linger,
            heartbeat=own.heartbeat,
        )
        return Puller(self._connection.api, info, custody, recorder=recorder, log=self._log)

    async def _find(self) -> QueueInfo:
        with public_errors(self._queue.name):
            info, attributes = await self._connection.queues.describe(self._queue)
        wanted = self._config.consumption.visibility_timeout or self._queue.visibility_timeout
        info = replace(info, visibility=wanted or info.visibility)
        self._check(info, attributes)
        return info

    def _check(self, info: QueueInfo, attributes: Mapping[str, str]) -> None:
        found = []
        if differences := mismatches(self._queue, attributes):
            found.append(f"queue {self._queue.name!r} is not as declared: {'; '.join(differences)}")
        found += [f"queue {self._queue.name!r}: {problem}" for problem in advice(self._config, info)]
        if found and self._broker.validate == "strict":
            raise QueueMismatchError("\n".join(found))
        for problem in found if self._broker.validate == "warn" else ():
            self._log(logging.WARNING, problem)

    async def _dead_letters(self, info: QueueInfo) -> DeadLetters | None:
        explicit, sender = self._config.consumption.dead_letter, self._connection.sender
        if explicit is not None:
            return DeadLetters(await self._broker.locate(explicit), info, sender)
        if info.dead_letter_arn is None:
            return None
        try:
            target = await self._connection.queues.locate(SQSQueue(info.dead_letter_arn))
        except CallError as error:
            text = f"no rejected message can be moved to the dead-letter queue: {error}"
            if self._broker.validate == "strict":
                raise QueueMismatchError(f"queue {self._queue.name!r}: {text}") from error
            self._log(logging.WARNING, text)
            return None
        return DeadLetters(target, info, sender)
