"""What a subscriber was told."""

from dataclasses import dataclass, field

from faststream.middlewares import AckPolicy

from faststream_sqs._faststream import EMPTY, SubscriberSpecificationConfig, SubscriberUsecaseConfig
from faststream_sqs.configs import SQSBrokerConfig
from faststream_sqs.engine.consumer import ConsumerOptions, OnLeaseLost
from faststream_sqs.envelope import Envelope
from faststream_sqs.schemas.queue import SQSQueue
from faststream_sqs.schemas.retry import RetryPolicy


@dataclass(kw_only=True)
class SQSSubscriberSpecificationConfig(SubscriberSpecificationConfig):
    """For the AsyncAPI document."""

    queue: SQSQueue


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """How to consume; None leaves it to the broker. Times are seconds."""

    max_workers: int | None = None
    prefetch: int = 0
    pollers: int = 1
    wait_time: int | None = None
    receive_linger: float = 0.0
    visibility_timeout: int | None = None
    heartbeat: bool = True
    max_lease: float = 3600.0
    on_lease_lost: OnLeaseLost = "cancel"
    handler_timeout: float | None = None
    ack_linger: float | None = None
    retry: RetryPolicy | None = None
    dead_letter: SQSQueue | None = None
    reject_invalid: bool = True
    batch_size: int = 10
    batch_window: float = 0.0


@dataclass(kw_only=True)
class SQSSubscriberConfig(SubscriberUsecaseConfig):
    """For consuming."""

    _outer_config: SQSBrokerConfig
    queue: SQSQueue
    consumption: Consumption = field(default_factory=Consumption)
    batch: bool = False
    envelope: Envelope | None = None

    @property
    def ack_policy(self) -> AckPolicy:
        """The subscriber's, else the broker's, else NACK_ON_ERROR: the only one that loses nothing."""
        for policy in (self._ack_policy, self._outer_config.ack_policy):
            if policy is not EMPTY:
                return policy
        return AckPolicy.NACK_ON_ERROR

    @property
    def handler_timeout(self) -> float | None:
        """Seconds a handler may take, by the subscriber's or the broker's word."""
        own = self.consumption.handler_timeout
        return self._outer_config.handler_timeout if own is None else own

    @property
    def retry(self) -> RetryPolicy:
        """The subscriber's retry policy, else the broker's."""
        return self.consumption.retry or self._outer_config.retry

    def options(self) -> ConsumerOptions:
        """The engine's options, the broker's defaults filled in."""
        own, broker = self.consumption, self._outer_config
        return ConsumerOptions(
            max_workers=broker.max_workers if own.max_workers is None else own.max_workers,
            prefetch=own.prefetch,
            pollers=own.pollers,
            wait_time=broker.wait_time if own.wait_time is None else own.wait_time,
            receive_linger=own.receive_linger,
            heartbeat=own.heartbeat,
            max_lease=own.max_lease,
            on_lease_lost=own.on_lease_lost,
            handler_timeout=self.handler_timeout,
            ack_linger=own.ack_linger,
            graceful_timeout=broker.graceful_timeout,
            batch_size=own.batch_size,
            batch_window=own.batch_window,
        )
