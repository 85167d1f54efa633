"""What happens to a message before FastStream sees it: its body is fetched, tests of S3 are dropped."""

import asyncio
import logging
from collections.abc import Sequence

from faststream_sqs.claim_check import ClaimChecks
from faststream_sqs.engine.lease import Lease, LeaseState
from faststream_sqs.engine.timing import Log
from faststream_sqs.envelope import TEST_EVENT, Envelope
from faststream_sqs.exceptions import ClaimCheckError, ClaimCheckUnavailableError
from faststream_sqs.message import RawMessage

CLOSING_TIME = 2.0  # seconds for objects still to delete at the stop


class Intake:
    """Prepares the messages of one subscriber; those that cannot be had are settled here."""

    def __init__(self, envelope: Envelope | None, checks: ClaimChecks | None, log: Log) -> None:
        self._envelope, self._checks, self._log = envelope, checks, log
        self._deletions: set[asyncio.Task[None]] = set()

    async def admit(self, raw: RawMessage) -> RawMessage | None:
        """The message for its handler; None when there is nothing to handle.

        Raises ClaimCheckError after settling the message.
        """
        fetched = raw if self._checks is None else await self._fetched(raw, self._checks)
        if self._envelope is not None and self._is_test(fetched, self._envelope):
            await raw.settlement.ack(raw.lease)
            return None
        return fetched

    async def admit_all(self, messages: Sequence[RawMessage]) -> tuple[RawMessage, ...]:
        """The messages for their handler; what cannot be had holds up nobody else."""
        results = await asyncio.gather(*map(self.admit, messages), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, ClaimCheckError):
                raise result
        return tuple(one for one in results if isinstance(one, RawMessage))

    def handled(self, raw: RawMessage) -> None:
        """The handler is done: what the message pointed at goes once the message is gone."""
        if self._checks and self._checks.settings.delete_after_ack and raw.content is not None:
            task = asyncio.create_task(self._delete(raw.lease, self._checks))
            self._deletions.add(task)
            task.add_done_callback(self._deletions.discard)

    async def close(self) -> None:
        """Finish the deletions under way."""
        if self._deletions:
            await asyncio.wait(self._deletions, timeout=CLOSING_TIME)
        for task in self._deletions:
            task.cancel()

    async def _fetched(self, raw: RawMessage, checks: ClaimChecks) -> RawMessage:
        try:
            message = await checks.fetch(raw.message)
        except ClaimCheckError as error:
            await self._refuse(raw, error)
            raise
        return raw if message is raw.message else RawMessage(raw.lease, raw.settlement, message)

    async def _refuse(self, raw: RawMessage, error: ClaimCheckError) -> None:
        self._log(logging.ERROR, f"message {raw.lease.message_id} has no body: {error}")
        if isinstance(error, ClaimCheckUnavailableError):
            await raw.settlement.nack(raw.lease)
        else:
            await raw.settlement.reject(raw.lease, f"no body: {error}")

    @staticmethod
    def _is_test(raw: RawMessage, envelope: Envelope) -> bool:
        body = str(raw.message.get("Body", ""))
        if TEST_EVENT not in body:
            return False
        content = envelope.unwrap(body.encode())
        return content is not None and content.drop

    async def _delete(self, lease: Lease, checks: ClaimChecks) -> None:
        await lease.ended.wait()
        if lease.state is not LeaseState.DONE or lease.settled_as is not LeaseState.ACKING:
            return
        try:
            await checks.delete(lease.message)
        except ClaimCheckError as error:
            self._log(logging.WARNING, f"the body of message {lease.message_id} stays in S3: {error}")
