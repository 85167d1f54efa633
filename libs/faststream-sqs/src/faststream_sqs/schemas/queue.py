"""A queue by name, URL or ARN, with the attributes it should have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

FIFO_SUFFIX = ".fifo"


@dataclass(frozen=True, slots=True)
class RedrivePolicy:
    """After `max_receive_count` deliveries SQS moves a message to `dead_letter` (name or ARN)."""

    dead_letter: str
    max_receive_count: int = 5

    @property
    def queue_name(self) -> str:
        """The dead-letter queue's name."""
        return self.dead_letter.rsplit(":", 1)[-1]

    def to_attribute(self, arn: str) -> str:
        """As SQS stores it."""
        return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": self.max_receive_count})


@dataclass(frozen=True, slots=True)
class RedriveAllowPolicy:
    """Which queues may use this one as their dead-letter queue; `source_queues` are ARNs, at most ten."""

    permission: Literal["allowAll", "denyAll", "byQueue"] = "allowAll"
    source_queues: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.source_queues) != (self.permission == "byQueue"):
            raise ValueError(
                "source_queues belong to permission='byQueue', and only to it: "
                f"{len(self.source_queues)} with {self.permission!r}"
            )

    def to_attribute(self) -> str:
        """As SQS stores it."""
        sources = {"sourceQueueArns": list(self.source_queues)} if self.source_queues else {}
        return json.dumps({"redrivePermission": self.permission, **sources})


@dataclass(frozen=True)
class SQSQueue:
    """A queue; `name` may be given as its name, URL or ARN. Times are seconds, sizes bytes.

    Attributes left None are the queue's own business; the others are used when it is created, and
    compared with the real queue's at start.
    """

    name: str
    fifo: bool = False
    declare: bool = False
    visibility_timeout: int | None = None
    delay: int | None = None
    retention: int | None = None
    wait_time: int | None = None
    max_message_size: int | None = None
    redrive: RedrivePolicy | None = None
    redrive_allow: RedriveAllowPolicy | None = None
    content_based_deduplication: bool | None = None
    deduplication_scope: Literal["messageGroup", "queue"] | None = None
    fifo_throughput_limit: Literal["perQueue", "perMessageGroupId"] | None = None
    kms_key_id: str | None = None
    sse: bool | None = None
    policy: Mapping[str, Any] | None = field(default=None, hash=False)
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    owner_account_id: str | None = None
    url: str = ""

    def __post_init__(self) -> None:
        given = self.name
        if "://" in given:
            self._set(url=given, name=given.rstrip("/").rsplit("/", 1)[-1])
        elif given.startswith("arn:"):
            *_, account, name = given.split(":")
            self._set(owner_account_id=account or None, name=name)
        if self.name.endswith(FIFO_SUFFIX):
            self._set(fifo=True)
        if not self.name:
            raise ValueError(f"a queue needs a name, a URL or an ARN, not {given!r}")

    @classmethod
    def of(cls, queue: "str | SQSQueue") -> "SQSQueue":
        """The queue itself, or the one a name, URL or ARN stands for."""
        return queue if isinstance(queue, SQSQueue) else cls(queue)

    @property
    def address(self) -> str:
        """The URL where one was given, else the name."""
        return self.url or self.name

    def with_prefix(self, prefix: str) -> "SQSQueue":
        """The queue under a router's prefix; a URL stays what it is."""
        return self if self.url or not prefix else replace(self, name=prefix + self.name)

    def at(self, place: str) -> "SQSQueue":
        """The same queue where an operator put it: at another name, URL or ARN."""
        spot = SQSQueue(place)
        return replace(
            self, name=spot.name, url=spot.url, owner_account_id=spot.owner_account_id, fifo=spot.fifo
        )

    def to_attributes(self) -> dict[str, str]:
        """The attributes asked for, as CreateQueue takes them, but the redrive policy: that needs an ARN."""
        wanted: dict[str, Any] = {
            "FifoQueue": self.fifo or None,
            "VisibilityTimeout": self.visibility_timeout,
            "DelaySeconds": self.delay,
            "MessageRetentionPeriod": self.retention,
            "ReceiveMessageWaitTimeSeconds": self.wait_time,
            "MaximumMessageSize": self.max_message_size,
            "ContentBasedDeduplication": self.content_based_deduplication,
            "DeduplicationScope": self.deduplication_scope,
            "FifoThroughputLimit": self.fifo_throughput_limit,
            "RedriveAllowPolicy": self.redrive_allow and self.redrive_allow.to_attribute(),
            "KmsMasterKeyId": self.kms_key_id,
            "SqsManagedSseEnabled": self.sse,
            "Policy": None if self.policy is None else json.dumps(self.policy),
        }
        return {name: _text(value) for name, value in wanted.items() if value is not None}

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class FifoQueue(SQSQueue):
    """A queue that keeps the order of each message group; its name ends in ".fifo"."""

    fifo: bool = True


@dataclass(frozen=True)
class ProcessQueue:
    """A reply queue of this process alone: made when first needed, deleted at the stop.

    A killed process leaves its queue behind, so `prefix` should make such queues easy to find.
    """

    prefix: str = "replies-"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
