"""How a call sounded: as a whole, by speaker, quarter by quarter, and where it was not neutral."""

from typing import Literal

from common.model.identity import Noun

Mood = Literal["positive", "neutral", "negative", "mixed"]
Trend = Literal["improving", "stable", "declining", "unknown"]


class SpeakerSentiment(Noun):
    """How one speaker sounded, -1 to 1."""

    speaker: str
    label: Mood
    score: float


class QuarterSentiment(Noun):
    """How one quarter of the call's time sounded, -1 to 1; the first is 1."""

    quarter: int
    label: Mood
    score: float


class UtteranceSentiment(Noun):
    """An utterance that is plainly not neutral, -1 to 1."""

    utterance_id: str
    label: Literal["positive", "negative", "mixed"]
    score: float


class Sentiment(Noun):
    """How the call went: score -1 to 1, confidence 0 to 1; ``utterances`` are those that are not neutral."""

    overall: Mood
    score: float
    confidence: float
    reasoning: str
    by_speaker: tuple[SpeakerSentiment, ...]
    by_quarter: tuple[QuarterSentiment, ...]
    trend: Trend
    utterances: tuple[UtteranceSentiment, ...]
