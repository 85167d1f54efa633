"""What the API tells of a call; conclusions whose quotes were not found in the transcript are not told."""

from datetime import datetime
from typing import Any, Literal

from common.ctl.findings import Finding as Examined
from common.entry import Parking, parked
from common.journal import Entry, Failure
from common.model import (
    Analysis,
    Call,
    CallMetadata,
    Coverage,
    Damage,
    Engine,
    Noun,
    Talk,
    Transcript,
    TranscriptFacts,
)

from ingest.api.analyses import AnalysisAnswer, verified
from ingest.asking.answer import Sentence, Totals
from ingest.glances import Glance


class CallSummary(Noun):
    """A call in a list."""

    call_id: str
    tenant_id: str
    revision: int
    status: str
    created_at: datetime
    updated_at: datetime
    cost_usd: float
    error: Failure | None
    parked: Parking | None


class CallRow(CallSummary):
    """A call in the list of calls, and what can be told of it at a glance."""

    about: Glance


class CallList(Noun):
    """Calls, newest first; ``next`` is the cursor of the following page, None on the last."""

    calls: tuple[CallRow, ...]
    next: str | None


class RecordingAnswer(Noun):
    """What the recording was found to be; where it lies is told by ``/recording`` alone."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_ms: int | None
    size_bytes: int


class StageAnswer(Noun):
    """What one stage did for the call."""

    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    processing_time_seconds: float | None
    provider: str | None
    model: str | None
    cost_usd: float | None
    error: Failure | None


class UtteranceAnswer(Noun):
    """One speaker's turn; single words and their times are in the transcript's own file."""

    id: str
    speaker: str
    channel: int
    start_ms: int
    end_ms: int
    text: str
    language: str | None
    confidence: float | None


class Heard(Noun):
    """How well a call was heard: how much of its speech became text, and what was wrong with its recording.

    ``flagged``: less than 98 %; ``coverage`` is null where the transcript was made elsewhere or is older.
    ``dual_mono``: two channels were one, heard once.
    """

    speakers_known: bool
    flagged: bool
    coverage: Coverage | None
    damaged: bool
    damage: tuple[Damage, ...]
    dual_mono: bool
    engines: tuple[Engine, ...]


class TranscriptAnswer(Heard):
    """What was said."""

    revision: int
    outcome: str
    language: str | None
    duration_ms: int
    speech_ms: int
    utterances: tuple[UtteranceAnswer, ...]


class MetricsAnswer(Heard):
    """How a call was led, from its timeline alone."""

    call_id: str
    revision: int
    duration_ms: int
    speech_ms: int
    talk: Talk


class CallProgress(CallSummary):
    """How far a call has come, and what each stage did for it."""

    journal: dict[str, StageAnswer]


class CallAnswer(CallSummary):
    """Everything known of a call."""

    metadata: CallMetadata | None
    recording: RecordingAnswer | None
    journal: dict[str, StageAnswer]
    transcript: TranscriptAnswer | None
    analysis: AnalysisAnswer | None


class Redone(Noun):
    """A revision was opened; the call itself is told under it."""

    call_id: str
    revision: int
    status: str


class Uploaded(Noun):
    """A recording was taken, or is a call already.

    Such a call keeps its own metadata: ``metadata_ignored`` names the fields of this upload that it has
    otherwise, or has not.
    """

    call_id: str
    status: str
    metadata_ignored: tuple[str, ...]


class AskAnswer(Totals):
    """An answer, sentence by sentence."""

    question: str
    sentences: tuple[Sentence, ...]


class Health(Noun):
    """The API answers and its queue does too."""

    status: str = "ok"


class DetailedHealth(Noun):
    """What this API depends on; ``failing`` if anything it needs does not do its part."""

    status: Literal["ok", "failing"]
    checks: tuple[Examined, ...]


def listed(entry: Entry, about: Glance) -> CallRow:
    """A call in the list."""
    return CallRow(**_summed(entry), about=about)


def progress(entry: Entry) -> CallProgress:
    """How far a call has come."""
    return CallProgress(**_summed(entry), journal=_stages(entry))


def answer(
    entry: Entry, call: Call | None, transcript: Transcript | None, analysis: Analysis | None
) -> CallAnswer:
    """A call as its journal and its documents tell."""
    recording = call.recording if call else None
    return CallAnswer(
        **_summed(entry),
        metadata=call.metadata if call else None,
        recording=RecordingAnswer(**dict(recording)) if recording else None,
        journal=_stages(entry),
        transcript=_transcript(transcript) if transcript else None,
        analysis=verified(analysis) if analysis else None,
    )


def metrics(facts: TranscriptFacts, talk: Talk) -> MetricsAnswer:
    """How the call was led."""
    return MetricsAnswer(**_heard(facts) | {"talk": talk})


def _summed(entry: Entry) -> dict[str, Any]:
    return {
        "call_id": entry.call_id,
        "tenant_id": entry.tenant_id,
        "revision": entry.revision,
        "status": entry.status,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "cost_usd": entry.cost_usd,
        "error": entry.failed,
        "parked": parked(entry),
    }


def _stages(entry: Entry) -> dict[str, StageAnswer]:
    return {name: StageAnswer(**dict(stage)) for name, stage in entry.stages.items()}


def _transcript(transcript: Transcript) -> TranscriptAnswer:
    said = tuple(UtteranceAnswer(**dict(each)) for each in transcript.utterances)
    return TranscriptAnswer(**_heard(transcript) | {"outcome": transcript.outcome, "utterances": said})


def _heard(facts: TranscriptFacts) -> dict[str, Any]:
    properties = ("speakers_known", "flagged", "damaged")
    return dict(facts) | {name: getattr(facts, name) for name in properties}
