"""What the stages tell one another: facts in the past tense, references only, never content.

A type tag is a version. Within a version fields are only ever added, and optional; unknown ones are ignored.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from common.model import (
    CallId,
    CallKey,
    CallMetadata,
    ChannelRoles,
    Noun,
    ObjectRef,
    Recording,
    TenantId,
    Work,
)


class CallUploaded(Noun):
    """A recording (or a transcript made elsewhere) was put into S3.

    The only event without a full key: whoever uploads need not know our ids. ingest derives what is missing.
    """

    type: Literal["call.uploaded.v1"] = "call.uploaded.v1"
    tenant_id: TenantId | None = None
    call_id: CallId | None = None
    recording: ObjectRef | None = None
    transcript: ObjectRef | None = None
    metadata: CallMetadata = CallMetadata()
    uploaded_at: datetime | None = None


class CallIngested(CallKey):
    """The recording is one we can open, and the call is kept.

    ``channel_roles``: who speaks on which channel, where upstream said so.
    """

    type: Literal["call.ingested.v1"] = "call.ingested.v1"
    recording: Recording | None = None
    transcript: ObjectRef | None = None
    channel_roles: ChannelRoles | None = None
    work: Work | None = None


class CallTranscribed(CallKey):
    """The call's transcript is kept.

    ``flagged``: too little of the speech became text; ``damaged``: something was wrong with the recording.
    """

    type: Literal["call.transcribed.v1"] = "call.transcribed.v1"
    language: str | None = None
    utterances: int = Field(ge=0)
    flagged: bool = False
    damaged: bool = False
    work: Work | None = None


class CallAnalyzed(CallKey):
    """The call's analysis is kept."""

    type: Literal["call.analyzed.v1"] = "call.analyzed.v1"
    findings: int = Field(ge=0)
    verified: int = Field(ge=0)
    work: Work | None = None


class CallEmbedded(CallKey):
    """The call's chunks are in the index: the end of the line, recorded in the journal and not announced."""

    type: Literal["call.embedded.v1"] = "call.embedded.v1"
    chunks: int = Field(ge=0)
    work: Work | None = None


Event = CallUploaded | CallIngested | CallTranscribed | CallAnalyzed | CallEmbedded
EVENTS: tuple[type[Event], ...] = (CallUploaded, CallIngested, CallTranscribed, CallAnalyzed, CallEmbedded)
