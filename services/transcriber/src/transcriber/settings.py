"""What an operator may choose for the transcriber."""

import json
from typing import Annotated, Any, Literal

from common.app import StageSettings
from common.model import ChannelRoles
from common.settings import (
    AnalyzeQueueSettings,
    BucketSettings,
    BudgetSettings,
    LimiterSettings,
    TranscribeQueueSettings,
)
from pydantic import Field, PositiveInt, field_validator
from pydantic_settings import NoDecode

from transcriber.recognition import RecognitionSettings


class Settings(
    StageSettings,
    BucketSettings,
    BudgetSettings,
    LimiterSettings,
    RecognitionSettings,
    TranscribeQueueSettings,
    AnalyzeQueueSettings,
):
    """What the transcriber can be told."""

    voice_activity: Literal["silero", "energy"] = Field(
        "silero", description="How speech is found: silero, or energy (fast; takes music for speech)"
    )
    channel_roles: Annotated[ChannelRoles, NoDecode] = Field(
        ("agent", "customer"),
        description="Who speaks on channel 1, 2 … where each speaker has one",
    )
    dual_mono_correlation: Annotated[float, Field(gt=0, le=1)] = Field(
        0.95, description="Two channels that correlate more than this are one, and transcribed once"
    )
    max_call_hours: Annotated[float, Field(gt=0, le=24)] = Field(8.0, description="Longest call transcribed")
    max_decoded_bytes: PositiveInt = Field(
        16 * 2**30,
        description="Most bytes that may come of a recording, decoded and written, an eighth on disk: "
        "8 hours of 48 kHz stereo are 12 GiB",
    )
    cut_max_seconds: Annotated[float, Field(ge=5, le=1390)] = Field(
        30.0, description="Longest piece of audio sent in one request; mind the model's limit"
    )
    cut_concurrency: PositiveInt = Field(4, description="Requests one call has open at a time")

    @field_validator("channel_roles", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Read ``a,b`` or ``["a", "b"]``."""
        is_json = isinstance(value, str) and value.lstrip().startswith("[")
        return json.loads(value) if is_json else value
