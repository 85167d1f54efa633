"""A call as it is handed in, and what is paid for it on its way."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from common.instants import within
from common.model.identity import CallKey, Noun


class ObjectRef(Noun):
    """One object in S3."""

    bucket: str = Field(min_length=3, max_length=63)
    key: str = Field(min_length=1, max_length=1024)
    version: str | None = None
    etag: str | None = None


def _listed(value: Any) -> Any:
    """``a,b`` as a list: a form's field and an object's metadata are texts."""
    return value.split(",") if isinstance(value, str) else value


def _told_apart(roles: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(roles)) != len(roles):
        raise ValueError("give every role a name of its own, as in agent,customer")
    return roles


Role = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ChannelRoles = Annotated[
    tuple[Role, ...],
    Field(min_length=1, max_length=32),
    BeforeValidator(_listed),
    AfterValidator(_told_apart),
]
"""Who speaks on channel 1, 2 …, each by a name of its own."""


class CallMetadata(Noun):
    """What upstream knows about a call; nothing in it is needed to process the call.

    ``filename`` is what the recording was called where it came from, without folders.
    """

    agent: str | None = None
    customer: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    started_at: Annotated[datetime, AfterValidator(within)] | None = None
    company_name: str | None = None
    contact_email: str | None = None
    call_type: str | None = None
    filename: str | None = None
    channel_roles: ChannelRoles | None = None
    extra: dict[str, str] = Field(default_factory=dict)


class Recording(Noun):
    """A call's audio: where it lies and what it was found to be. Lengths are the container's claims."""

    object: ObjectRef
    size_bytes: int = Field(ge=1)
    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_ms: int | None = None


class Call(CallKey):
    """One conversation, as ingest found it. Either its recording or a transcript made elsewhere is there."""

    recording: Recording | None = None
    transcript: ObjectRef | None = None
    metadata: CallMetadata = CallMetadata()
    created_at: datetime


def known_sum(costs: Iterable[float | None]) -> float | None:
    """USD; a sum of which a part is not known is not known."""
    known = list(costs)
    return None if None in known else sum(cost for cost in known if cost is not None)


class Work(Noun):
    """What a stage used and paid for its document. ``cost_usd`` is None where the price is not known."""

    provider: str
    model: str
    cost_usd: float | None = None
    requests: int = 0
    audio_seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


def total(works: Sequence[Work]) -> Work:
    """What several requests of one provider took together; there is one at least."""
    usd = known_sum(work.cost_usd for work in works)
    return works[0].model_copy(
        update={
            # Parts of a sum: what is lost in the sixteenth digit would be told in every log.
            "cost_usd": None if usd is None else round(usd, 12),
            "requests": sum(work.requests for work in works),
            "audio_seconds": sum(work.audio_seconds for work in works),
            "input_tokens": sum(work.input_tokens for work in works),
            "output_tokens": sum(work.output_tokens for work in works),
        }
    )
