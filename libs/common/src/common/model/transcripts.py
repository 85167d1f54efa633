"""What was said in a call, what heard it, and how much of it was heard."""

from typing import Final, Literal

from pydantic import Field

from common.model.calls import Work
from common.model.identity import CallKey, Milliseconds, Noun
from common.model.talk import Talk

UNKNOWN: Final = "unknown"
"""The speaker of a recording that does not say who speaks."""


class Word(Noun):
    """One word, where the engine tells its times."""

    text: str
    start_ms: Milliseconds
    end_ms: Milliseconds
    confidence: float | None = None


class Damage(Noun):
    """What was wrong with a recording, where, and how much of it was lost."""

    what: Literal["undecodable", "cut_off", "clock_jump", "other_channels"]
    at_ms: Milliseconds
    lost_ms: Milliseconds | None = None
    times: int = 1


class Segment(Noun):
    """What the recogniser heard on one channel between two instants: the machine's unit.

    ``speaker`` is who says it, where several on one channel were told apart.
    """

    channel: int
    speaker: str | None = None
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: str
    language: str | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class Utterance(Noun):
    """One speaker's uninterrupted turn: the human's unit. ``id`` is ``u1``, ``u2`` … in order of time."""

    id: str
    speaker: str
    channel: int
    start_ms: Milliseconds
    end_ms: Milliseconds
    text: str
    language: str | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class Refused(Noun):
    """Pieces of speech that gave no text, for one reason; ``no_words``: the recogniser heard none."""

    reason: str
    ms: Milliseconds
    count: int


class Coverage(Noun):
    """How much of the speech that was found became text; ``flagged`` below 98 %.

    ``speech_ms`` is what voice activity found, channels added up. ``refused`` is in milliseconds of what was
    sent, pauses and padding included.
    """

    speech_ms: Milliseconds
    transcribed_ms: Milliseconds
    share: float
    flagged: bool
    refused: tuple[Refused, ...] = ()


class Engine(Noun):
    """What took part in hearing: a provider's model, in which version and with which parameters."""

    role: Literal["recognition", "voice_activity", "diarization", "import"]
    provider: str
    model: str
    version: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict)


class TranscriptFacts(CallKey):
    """What is known of a transcript besides the words; fields added later have defaults for older ones.

    ``speakers`` are all who may speak, also who keeps silent; ``coverage`` and ``talk`` are None where a
    transcript is older than they are. ``dual_mono``: two channels were one recording.
    """

    language: str | None = None
    duration_ms: Milliseconds
    speech_ms: Milliseconds = 0
    speakers: tuple[str, ...] = ()
    coverage: Coverage | None = None
    damage: tuple[Damage, ...] = ()
    dual_mono: bool = False
    engines: tuple[Engine, ...] = ()
    talk: Talk | None = None
    work: Work

    @property
    def flagged(self) -> bool:
        """Whether too little of the speech became text."""
        return self.coverage is not None and self.coverage.flagged

    @property
    def damaged(self) -> bool:
        """Whether something was wrong with the recording."""
        return bool(self.damage)

    @property
    def speakers_known(self) -> bool:
        """Whether utterances say who speaks."""
        return bool(self.speakers) and UNKNOWN not in self.speakers


class TranscriptHead(TranscriptFacts):
    """A transcript without its words, read where they are not needed."""

    utterance_count: int


class Transcript(TranscriptFacts):
    """A call's utterances in order; none of them is a valid outcome (``no_speech``)."""

    utterances: tuple[Utterance, ...] = ()

    @property
    def outcome(self) -> Literal["speech", "no_speech"]:
        """Whether anything was said."""
        return "speech" if self.utterances else "no_speech"

    @property
    def head(self) -> TranscriptHead:
        """All but the words."""
        facts = {name: getattr(self, name) for name in TranscriptFacts.model_fields}
        return TranscriptHead(**facts, utterance_count=len(self.utterances))
