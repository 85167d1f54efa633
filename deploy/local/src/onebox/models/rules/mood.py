"""How people feel, by VADER's word list."""

from collections.abc import Collection, Sequence
from functools import cache
from statistics import fmean
from typing import Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from onebox.models.rules.lines import Sentence

_FELT = 0.15  # VADER's compound from which a mean is a mood
_STRONG = 0.4  # compound of one sentence that is plainly felt
_MIXED_SHARE = 0.15  # of the sentences, on either side
_FULL_MOOD = 0.35  # mean beyond which one side clearly wins


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def feeling(text: str) -> float:
    """From -1 to 1; 0 where no word of feeling occurs."""
    return float(_vader().polarity_scores(text)["compound"])


def sentiment(said: Sequence[Sentence], complaints: Collection[str]) -> dict[str, Any]:
    """Word by word, save that *complaints* are negative in whatever words they come."""
    names = dict.fromkeys(one.line.speaker for one in said)
    felt = {name: [_felt(one, complaints) for one in said if one.line.speaker == name] for name in names}
    every = [score for scores in felt.values() for score in scores]
    strong = [score for score in every if score]
    return {
        "overall": label(every),
        "score": _mean(every),
        "confidence": round(min(0.7, 0.2 + 0.03 * len(strong)), 2),
        "reasoning": _reasoning(every, felt),
        "by_speaker": [
            {"speaker": name, "label": label(scores), "score": _mean(scores)} for name, scores in felt.items()
        ],
    }


def _felt(sentence: Sentence, complaints: Collection[str]) -> float:
    score = feeling(sentence.text)
    return min(score, -_STRONG) if sentence.text in complaints else score


def label(scores: Sequence[float]) -> str:
    """One word for many scores."""
    mean = _mean(scores)
    glad, sorry = (sum(sign * score >= _STRONG for score in scores) for sign in (1, -1))
    if min(glad, sorry) >= max(1, _MIXED_SHARE * len(scores)) and abs(mean) < _FULL_MOOD:
        return "mixed"
    if abs(mean) < _FELT:
        return "neutral"
    return "positive" if mean > 0 else "negative"


def _mean(scores: Sequence[float]) -> float:
    return round(fmean(scores), 3) if scores else 0.0


def _reasoning(every: Sequence[float], felt: dict[str, list[float]]) -> str:
    glad, sorry = (sum(sign * score > 0 for score in every) for sign in (1, -1))
    means = ", ".join(f"{name} {_mean(scores):+.2f}" for name, scores in felt.items())
    return (
        f"By a word list and the complaints found: {glad} of {len(every)} sentences sound positive "
        f"and {sorry} negative; means: {means}. "
        "Irony and tone of voice are not heard."
    )
