"""What becomes of Lambda's messages: those that are not reported as failed, it deletes."""

from typing import TYPE_CHECKING

from faststream_sqs.engine.client import QueueInfo
from faststream_sqs.engine.dead_letter import DeadLetters
from faststream_sqs.engine.lease import Lease, LeaseState
from faststream_sqs.exceptions import LeaseLostError, public_errors

if TYPE_CHECKING:
    from faststream_sqs.configs import Connection

DONE = frozenset({LeaseState.ACKING, LeaseState.REJECTING})


class LambdaSettlement:
    """Notes what becomes of a message: Lambda deletes those that did not fail."""

    def __init__(self, queue: QueueInfo, connection: "Connection", dead_letters: DeadLetters | None) -> None:
        self.queue = queue
        self._connection, self._dead_letters = connection, dead_letters

    async def ack(self, lease: Lease, *, flush: bool = False) -> None:  # noqa: ARG002 - Lambda deletes, later
        """Let Lambda delete it."""
        lease.settle(LeaseState.ACKING)

    async def nack(self, lease: Lease, delay: float | None = None) -> None:
        """Report it; without a delay it comes back when its visibility ends."""
        if lease.settle(LeaseState.NACKING) and delay is not None:
            await self._show(lease, delay)

    async def reject(self, lease: Lease, reason: str | None = None) -> None:
        """Copy it to the dead-letter queue and let Lambda delete it; without such a queue, report it."""
        if self._dead_letters is None:
            lease.settle(LeaseState.NACKING)
        elif lease.settle(LeaseState.REJECTING):
            await self._move(self._dead_letters, lease, reason)

    async def extend(self, lease: Lease, seconds: float | None = None) -> None:
        """Hold it longer than the mapping does."""
        await self._show(lease, self.queue.visibility if seconds is None else seconds)

    async def _move(self, target: DeadLetters, lease: Lease, reason: str | None) -> None:
        try:
            with public_errors(target.target.name):
                await target.send(lease, reason)
        except BaseException:
            lease.state = LeaseState.NACKING
            raise

    async def _show(self, lease: Lease, seconds: float) -> None:
        entry = {"ReceiptHandle": lease.receipt_handle, "VisibilityTimeout": round(seconds)}
        with public_errors(self.queue.name):
            outcome = await self._connection.api.batch("change_message_visibility_batch", self.queue, [entry])
        if outcome.failed:
            raise LeaseLostError(f"message {lease.message_id} was taken back before it was settled")
