"""What a publisher was told."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from faststream_sqs._faststream import EMPTY, PublisherSpecificationConfig, PublisherUsecaseConfig
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.response import IdOf
from faststream_sqs.schemas.queue import SQSQueue


@dataclass(kw_only=True)
class SQSPublisherSpecificationConfig(PublisherSpecificationConfig):
    """For the AsyncAPI document."""

    queue: SQSQueue


@dataclass(kw_only=True)
class SQSPublisherConfig(PublisherUsecaseConfig):
    """For publishing."""

    _outer_config: SQSBrokerConfig
    queue: SQSQueue
    headers: dict[str, Any] = field(default_factory=dict)
    group_id: IdOf = None
    deduplication_id: IdOf = None
    delay: float | timedelta | None = None
    reply_to: str = ""
    send_linger: float | None = EMPTY
    batch: bool = False
