"""Builds subscribers, refusing settings that cannot work."""

from typing import Any

from faststream.exceptions import SetupError

from faststream_sqs._faststream import CallsCollection

from .config import Consumption, SQSSubscriberConfig, SQSSubscriberSpecificationConfig
from .specification import SQSSubscriberSpecification
from .usecase import SQSSubscriber

LONGEST_POLL = 20  # seconds
LONGEST_VISIBILITY = 43_200  # seconds


def create_subscriber(
    config: SQSSubscriberConfig, *, title: str | None, description: str | None, include_in_schema: bool
) -> SQSSubscriber:
    """A subscriber with its place in the AsyncAPI document."""
    check(config.consumption)
    calls = CallsCollection[Any]()
    specification = SQSSubscriberSpecification(
        config._outer_config,  # noqa: SLF001 - FastStream's name for the field
        SQSSubscriberSpecificationConfig(
            queue=config.queue, title_=title, description_=description, include_in_schema=include_in_schema
        ),
        calls,
    )
    return SQSSubscriber(config, specification, calls)


def check(settings: Consumption) -> None:
    """Raise SetupError for a setting SQS or the engine would not take."""
    limits = {
        "max_workers": (settings.max_workers, 1, 10_000),
        "prefetch": (settings.prefetch, 0, 10_000),
        "pollers": (settings.pollers, 1, 100),
        "wait_time": (settings.wait_time, 0, LONGEST_POLL),
        "visibility_timeout": (settings.visibility_timeout, 1, LONGEST_VISIBILITY),
        "batch_size": (settings.batch_size, 1, 10_000),
        "batch_window": (settings.batch_window, 0, 300),
        "max_lease": (settings.max_lease, 1, LONGEST_VISIBILITY),
    }
    for name, (value, least, most) in limits.items():
        if value is not None and not least <= value <= most:
            raise SetupError(f"{name} must be between {least} and {most}, not {value}")
    if settings.handler_timeout is not None and settings.handler_timeout <= 0:
        raise SetupError(f"handler_timeout must be positive seconds, not {settings.handler_timeout}")
