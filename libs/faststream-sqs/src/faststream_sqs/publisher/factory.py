"""Builds publishers."""

from typing import Any

from .config import SQSPublisherConfig, SQSPublisherSpecificationConfig
from .specification import SQSPublisherSpecification
from .usecase import SQSPublisher


def create_publisher(
    config: SQSPublisherConfig,
    *,
    title: str | None,
    description: str | None,
    schema: Any | None,
    include_in_schema: bool,
) -> SQSPublisher:
    """A publisher with its place in the AsyncAPI document."""
    specification = SQSPublisherSpecification(
        config._outer_config,  # noqa: SLF001 - FastStream's name for the field
        SQSPublisherSpecificationConfig(
            queue=config.queue,
            schema_=schema,
            title_=title,
            description_=description,
            include_in_schema=include_in_schema,
        ),
    )
    return SQSPublisher(config, specification)
