"""What a call's timeline tells of how it was led; nothing here needs a model."""

from typing import Literal

from pydantic import Field

from common.model.identity import Milliseconds, Noun

Share = float
"""0 to 1."""

Quarters = tuple[float | None, float | None, float | None, float | None]
"""One channel's loudness of speech in each quarter of the call, in dBFS; None where nothing was said."""


class Unavailable(Noun):
    """Why a figure is not there; zero would be a claim."""

    unavailable: Literal["nothing_said", "one_speaker_unknown", "one_speaker", "no_answer"]


class Speed(Noun):
    """How fast somebody talks: ``characters`` in scripts that write no spaces, else ``words``."""

    unit: Literal["words", "characters"]
    spoken: int
    per_minute: float


class Pause(Noun):
    """A time in which nobody speaks."""

    start_ms: Milliseconds
    end_ms: Milliseconds


class SpeakerTalk(Noun):
    """One speaker's own talk. ``questions`` counts utterances that end in a question mark."""

    speaker: str
    talk_ms: Milliseconds
    utterances: int
    questions: int
    question_share: Share
    speed: Speed | Unavailable


class Response(Noun):
    """How long somebody waits before answering, over ``answers`` changes of speaker without interruption."""

    answers: int
    median_ms: Milliseconds
    mean_ms: Milliseconds


class Part(Noun):
    """One speaker's part in the conversation.

    ``talk_share`` is of all speakers' talk added up; ``interruptions`` are those the speaker makes.
    """

    speaker: str
    talk_share: Share
    turns: int
    longest_monologue_ms: Milliseconds
    interruptions: int
    response: Response | Unavailable


class Exchange(Noun):
    """What it takes two speakers for; overlap is the time in which at least two of them speak."""

    overlap_ms: Milliseconds
    interruptions: int
    turns: int
    turns_per_minute: float
    parts: tuple[Part, ...]


class Loudness(Noun):
    """How loud a channel's speech is, quarter by quarter, in dBFS."""

    channel: int
    speaker: str
    quarters: Quarters


class Talk(Noun):
    """A call's talk metrics. Talk, silence and overlap are lengths on the call's timeline.

    ``loudness`` is empty where the sound was never heard: a transcript made elsewhere.
    """

    talk_ms: Milliseconds
    silence_ms: Milliseconds
    silence_share: Share
    longest_silence: Pause | None
    speakers: tuple[SpeakerTalk, ...]
    exchange: Exchange | Unavailable
    loudness: tuple[Loudness, ...] = Field(default=())
