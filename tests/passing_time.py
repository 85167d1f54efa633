"""The minute after a worker's death, passed by hand: what would be free then is free at once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aws_proxy import AwsProxy, name_of
from backstage import Backstage
from waiting import until

_PATIENCE = 30.0  # seconds until a poll of a second is over, on however busy a machine


@dataclass(frozen=True)
class PassingTime:
    """Of a pipeline whose services ask SQS by way of *aws*."""

    aws: AwsProxy
    backstage: Backstage

    async def a_minute(self, stage: str) -> None:
        """Every message that workers of *stage* received is visible again, every lease of theirs is over.

        Call it while none of them lives: it takes away what a living one holds.
        """
        queue = name_of(self.backstage.queue(stage))

        async def quiet() -> bool:
            return self.aws.under_way[queue] == 0

        await until(quiet, _PATIENCE, what="the dead worker's last request is over")
        over = {"lease_until": datetime.now(UTC) - timedelta(minutes=1)}
        await self.backstage.db["work"].update_many({"stage": stage, "result": None}, {"$set": over})
        await self.show_again(stage)

    def held(self, stage: str) -> dict[str, str]:
        """The receipts of all messages received since they were shown again, by message id."""
        return self.aws.receipts[name_of(self.backstage.queue(stage))]

    async def show_again(self, stage: str) -> None:
        """Make every message that was received visible, whoever holds it."""
        url = self.backstage.queue(stage)
        for n, receipt in enumerate(self.aws.receipts.pop(name_of(url), {}).values()):
            entry = {"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            await self.backstage.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[entry])
