"""What a handler may return to steer its publication, and the command a publication becomes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from faststream.response import BatchPublishCommand, PublishCommand, Response
from faststream.response.publish_type import PublishType

from ._faststream import EMPTY

IdOf = str | Callable[[Any], str | None] | None


def resolve_id(wanted: IdOf, body: Any) -> str | None:
    """The id itself, or what the callable makes of the message."""
    return wanted(body) if callable(wanted) else wanted


class SQSResponse(Response):
    """A handler's result with its own group, deduplication id, delay (seconds) or place for an answer."""

    def __init__(
        self,
        body: Any,
        *,
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
        reply_to: str = "",
    ) -> None:
        super().__init__(body, headers=headers, correlation_id=correlation_id)
        self.group_id, self.deduplication_id, self.delay = group_id, deduplication_id, delay
        self.reply_to = reply_to

    def as_publish_command(self) -> "SQSPublishCommand":
        """The command to publish it; the publisher adds the queue."""
        return SQSPublishCommand(
            self.body,
            headers=self.headers,
            correlation_id=self.correlation_id,
            group_id=self.group_id,
            deduplication_id=self.deduplication_id,
            delay=self.delay,
            reply_to=self.reply_to,
            _publish_type=PublishType.PUBLISH,
        )


class SQSPublishCommand(BatchPublishCommand):
    """One publication, of one message or a batch, to one queue."""

    def __init__(
        self,
        message: Any,
        /,
        *messages: Any,
        queue: str = "",
        headers: dict[str, Any] | None = None,
        correlation_id: str | None = None,
        reply_to: str = "",
        group_id: IdOf = None,
        deduplication_id: IdOf = None,
        delay: float | timedelta | None = None,
        timeout: float | None = None,
        send_linger: float | None = EMPTY,
        _publish_type: PublishType,
    ) -> None:
        super().__init__(
            message,
            *messages,
            destination=queue,
            headers=headers,
            correlation_id=correlation_id,
            reply_to=reply_to,
            _publish_type=_publish_type,
        )
        self.group_id, self.deduplication_id, self.delay = group_id, deduplication_id, delay
        self.timeout, self.send_linger = timeout, send_linger

    @classmethod
    def from_cmd(cls, cmd: PublishCommand, *, batch: bool = False) -> "SQSPublishCommand":
        """The same publication for SQS; with `batch`, a list body becomes one message per item."""
        body, extra = cls._parse_bodies(cmd.body, batch=batch)
        if isinstance(cmd, SQSPublishCommand):
            cmd.body, cmd.extra_bodies = body, extra or cmd.extra_bodies
            return cmd
        return cls(
            body,
            *extra,
            queue=cmd.destination,
            headers=cmd.headers,
            correlation_id=cmd.correlation_id,
            reply_to=cmd.reply_to,
            _publish_type=cmd.publish_type,
        )

    def parameters(self, body: Any) -> Mapping[str, Any]:
        """What SQS wants to know of this message beside its content."""
        delay = self.delay.total_seconds() if isinstance(self.delay, timedelta) else self.delay
        wanted = {
            "MessageGroupId": resolve_id(self.group_id, body),
            "MessageDeduplicationId": resolve_id(self.deduplication_id, body),
            "DelaySeconds": None if delay is None else round(delay),
        }
        return {name: value for name, value in wanted.items() if value is not None}
