"""Answers a message's reply-to."""

from faststream.response import PublishCommand

from faststream_sqs._faststream import FakePublisher, ProducerProto
from faststream_sqs.response import SQSPublishCommand
from faststream_sqs.rpc import REPLY_TOKEN


class SQSFakePublisher(FakePublisher):
    """Publishes a handler's result to the queue its message asked for."""

    def __init__(
        self, producer: ProducerProto[SQSPublishCommand], queue: str, token: str | None = None
    ) -> None:
        super().__init__(producer=producer)
        self.queue, self._token = queue, token

    def patch_command(self, cmd: PublishCommand) -> SQSPublishCommand:
        """The command, addressed."""
        patched = SQSPublishCommand.from_cmd(super().patch_command(cmd))
        patched.destination = self.queue
        if self._token:
            patched.headers[REPLY_TOKEN] = self._token
        return patched
