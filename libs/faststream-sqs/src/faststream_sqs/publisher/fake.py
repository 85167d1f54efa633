"""Answers a message's reply-to."""

from faststream.response import PublishCommand

from faststream_sqs._faststream import FakePublisher, ProducerProto
from faststream_sqs.response import SQSPublishCommand


class SQSFakePublisher(FakePublisher):
    """Publishes a handler's result to the queue its message asked for."""

    def __init__(self, producer: ProducerProto[SQSPublishCommand], queue: str) -> None:
        super().__init__(producer=producer)
        self.queue = queue

    def patch_command(self, cmd: PublishCommand) -> SQSPublishCommand:
        """The command, addressed."""
        patched = SQSPublishCommand.from_cmd(super().patch_command(cmd))
        patched.destination = self.queue
        return patched
