"""What an operator may choose: the consumer's settings, and the door's on top of them."""

import re
from datetime import timedelta
from typing import Annotated

from common.app import StageSettings
from common.model import TenantId
from common.settings import (
    AnalyzeQueueSettings,
    BucketSettings,
    EmbedQueueSettings,
    IngestQueueSettings,
    LedgerSettings,
    LimiterSettings,
    Listed,
    OpenSearchSettings,
    TranscribeQueueSettings,
)
from common.vectors.settings import EmbeddingSettings
from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt

from ingest.arrival_settings import ArrivalSettings
from ingest.ask_settings import AskSettings
from ingest.auth_settings import AuthSettings
from ingest.recording import Location, Rules
from ingest.standstill import Patience

GIBIBYTE = 1024**3


def _has_groups(pattern: re.Pattern[str]) -> re.Pattern[str]:
    if not pattern.groupindex:
        raise ValueError("needs a named group such as (?P<agent>[^_]+)")
    return pattern


def _has_one_group(pattern: re.Pattern[str]) -> re.Pattern[str]:
    if len(pattern.groupindex) != 1:
        raise ValueError("needs exactly one named group such as ^(?P<tenant>[^/]+)/")
    return pattern


def _is_prefix(text: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", text):
        raise ValueError("starts with a slash and ends without one, such as /api/v1")
    return text


class SweeperSettings(StageSettings, AnalyzeQueueSettings, EmbedQueueSettings):
    """How calls that stand still are found; the sweeper announces to every stage."""

    sweep_seconds: NonNegativeInt = Field(
        60, description="Seconds between two looks for calls that stand still; 0 means never"
    )
    queue_sample_seconds: PositiveInt = Field(
        30, description="Seconds between two looks at how much lies on the queues"
    )
    stuck_after_seconds: PositiveInt = Field(
        900,
        description="Seconds a call may stand still whose stage has nothing on its queue; then its event is"
        " announced again, and each time the patience doubles",
    )
    queue_budget_seconds: PositiveInt = Field(
        7200,
        description="Seconds a message may lie on a queue that is not empty, beside HANDLER_TIMEOUT_SECONDS",
    )

    @property
    def sweeps(self) -> bool:
        """Whether this process looks for such calls."""
        return self.sweep_seconds > 0

    @property
    def patience(self) -> Patience:
        """The settings as the sweeper reads them."""
        busy = self.handler_timeout_seconds + self.queue_budget_seconds
        return Patience(timedelta(seconds=self.stuck_after_seconds), timedelta(seconds=busy))


class Settings(SweeperSettings, BucketSettings, LedgerSettings, IngestQueueSettings, TranscribeQueueSettings):
    """What the consumer can be told."""

    default_tenant: TenantId = Field("default", description="Tenant of uploads that name none")
    tenant_key_pattern: Annotated[re.Pattern[str], AfterValidator(_has_one_group)] | None = Field(
        None, description="Regular expression on an object's key whose one named group is the tenant"
    )
    filename_pattern: Annotated[re.Pattern[str], AfterValidator(_has_groups)] | None = Field(
        None,
        description="Regular expression on a file's name whose named groups (agent, customer, direction, …)"
        " become the call's metadata",
    )
    allowed_locations: Listed = Field(
        (),
        description="Places read from: bucket or bucket/prefix, comma separated; unset: S3_BUCKET_AUDIO",
    )
    max_upload_bytes: PositiveInt = Field(
        GIBIBYTE, description="Largest recording taken in one request; larger ones come in parts"
    )
    max_recording_bytes: PositiveInt = Field(
        4 * GIBIBYTE, description="Largest recording taken in parts, and from S3"
    )

    @property
    def rules(self) -> Rules:
        """The settings that decide about uploads."""
        return Rules(
            home=self.s3_bucket_audio,
            allowed=tuple(Location.parse(text) for text in self.allowed_locations or (self.s3_bucket_audio,)),
            default_tenant=self.default_tenant,
            max_bytes=max(self.max_upload_bytes, self.max_recording_bytes),
            tenant_pattern=self.tenant_key_pattern,
            filename_pattern=self.filename_pattern,
        )


class DoorSettings(
    Settings,
    ArrivalSettings,
    LimiterSettings,
    OpenSearchSettings,
    EmbeddingSettings,
    AskSettings,
    AuthSettings,
):
    """What the HTTP door can be told, beside all that the consumer can."""

    ingest_consumer: bool = Field(default=True, description="false: serve HTTP only, drain no queue")
    api_v1_prefix: Annotated[str, AfterValidator(_is_prefix)] = Field(
        "/api/v1", description="Path of the API"
    )
    cors_origins: tuple[str, ...] = Field(
        (),
        description="Origins whose pages may call the API as their reader, as a JSON list; our own page"
        " needs none",
    )

    @property
    def workloads(self) -> tuple[str, ...]:
        """What this process is, as roles are named."""
        return ("ingest-api", "ingest") if self.ingest_consumer else ("ingest-api",)

    @property
    def sweeps(self) -> bool:
        """A door that drains no queue does not sweep, either."""
        return self.ingest_consumer and super().sweeps
