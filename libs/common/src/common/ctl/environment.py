"""What the environment of this image tells: each service knows only the servers and queues it needs."""

from typing import Annotated, TypeVar

from pydantic import AliasChoices, Field

from common.settings import AwsSettings, ServiceSettings, SettingsError

S = TypeVar("S", bound=ServiceSettings)

Url = Annotated[str | None, Field(min_length=1)]


class ToldQueues(AwsSettings):
    """The queues that this environment names, which need not be all."""

    sqs_ingest_queue_url: Url = Field(
        None, validation_alias=AliasChoices("SQS_INGEST_QUEUE_URL", "SQS_QUEUE_URL")
    )
    sqs_transcribe_queue_url: Url = None
    sqs_analyze_queue_url: Url = None
    sqs_embed_queue_url: Url = None


def told(group: type[S]) -> S | None:
    """A group of settings; None where the environment does not name what they need."""
    try:
        return group.read()
    except SettingsError:
        return None
