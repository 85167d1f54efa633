"""A transcript made elsewhere, read as ours."""

from typing import Annotated, Any, Self

from common.errors import Permanent
from common.model import UNKNOWN, CallKey, Engine, Milliseconds, Noun, Transcript, Utterance, Word, Work
from common.talk import talk
from pydantic import Field, StringConstraints, ValidationError, model_validator

from transcriber.transcript import majority_language

_WORK = Work(provider="imported", model="none", cost_usd=0.0)
_ENGINES = (Engine(role="import", provider="imported", model="none"),)
_MOST_WORDS = 10_000  # of one utterance: it has to fit into one of MongoDB's documents
_MOST_SPEAKERS = 100  # each has figures in the transcript's head


class ImportedWord(Word):
    """A word that another engine told apart."""

    text: str = Field(min_length=1, max_length=200)


class ImportedUtterance(Noun):
    """Who said what from when to when; ids are given anew."""

    speaker: str = Field(UNKNOWN, min_length=1, max_length=100)
    channel: int = Field(0, ge=0, le=31)
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)]
    language: str | None = None
    confidence: float | None = None
    words: tuple[ImportedWord, ...] = Field((), max_length=_MOST_WORDS)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_ms < self.start_ms:
            raise ValueError("end_ms lies before start_ms")
        return self


class ImportedTranscript(Noun):
    """The part of our transcript's JSON that others have to give."""

    language: str | None = None
    duration_ms: Milliseconds | None = None
    utterances: tuple[ImportedUtterance, ...]

    @model_validator(mode="after")
    def _so_many_can_be_told_apart(self) -> Self:
        if len({said.speaker for said in self.utterances}) > _MOST_SPEAKERS:
            raise ValueError(f"more than {_MOST_SPEAKERS} speakers")
        return self


def read(key: CallKey, content: bytes) -> Transcript:
    """The transcript in *content*, as that of *key*, at no cost.

    Raises:
        Permanent: ``invalid_transcript``, naming the first field to mend.
    """
    try:
        given = ImportedTranscript.model_validate_json(content)
    except ValidationError as error:
        raise Permanent(_explain(error), reason="invalid_transcript") from None
    return _ours(key, given)


def _ours(key: CallKey, given: ImportedTranscript) -> Transcript:
    ordered = sorted(given.utterances, key=lambda said: (said.start_ms, said.channel))
    said = [Utterance(id=f"u{n}", **_spoken(each)) for n, each in enumerate(ordered, start=1)]
    last = max((utterance.end_ms for utterance in said), default=0)
    duration_ms = max(given.duration_ms or 0, last)
    speakers = tuple(dict.fromkeys(utterance.speaker for utterance in said))
    return Transcript(
        **dict(key),
        language=given.language or majority_language(said),
        duration_ms=duration_ms,
        speech_ms=sum(utterance.end_ms - utterance.start_ms for utterance in said),
        speakers=speakers,
        engines=_ENGINES,
        talk=talk(said, speakers, duration_ms),
        utterances=tuple(said),
        work=_WORK,
    )


def _spoken(each: ImportedUtterance) -> dict[str, Any]:
    return {**dict(each), "words": tuple(Word(**dict(word)) for word in each.words)}


def _explain(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the document"
    return f"not a transcript: {where}: {first['msg']} ({error.error_count()} to mend)"
