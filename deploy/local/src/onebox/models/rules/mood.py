"""How people feel, by VADER's word list and by what they complain of; tone and irony are not heard."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from statistics import fmean
from typing import Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from onebox.models.rules.lexicon import says
from onebox.models.rules.lines import Line, Sentence

_STRONG = 0.4  # of one sentence that is plainly felt
_GLAD = 0.085  # mean from which a mood is positive
_SORRY = -0.05  # and to which it is negative
_AGENT_GLAD = 0.03  # the same of a seller, who keeps the form
_PART = 0.055  # share of plainly negative sentences that is a part of the mood
_BOTH = 0.12  # share on either side from which a mood is mixed, whatever the mean
_TURN = 0.1  # by which the last quarter differs from the first where the mood turns
_PLAIN = 0.5  # of an utterance that is listed
_MOST_LISTED = 30
_QUARTERS = 4


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def feeling(text: str) -> float:
    """From -1 to 1; 0 where no word of feeling occurs."""
    return float(_vader().polarity_scores(text)["compound"])


def sentiment(lines: Sequence[Line], said: Sequence[Sentence], complaints: Collection[str]) -> dict[str, Any]:
    """Word by word, save that *complaints* are negative in whatever words they come."""
    felt = {sentence: _felt(sentence, complaints) for sentence in said}
    names = dict.fromkeys(line.speaker for line in lines)
    by_name = {name: [score for one, score in felt.items() if one.line.speaker == name] for name in names}
    heard = [score for one, score in felt.items() if not one.line.is_seller] or list(felt.values())
    quarters = _quarters(lines, felt)
    return {
        "overall": label(heard),
        "score": _mean(heard),
        "confidence": round(min(0.7, 0.2 + 0.03 * sum(score != 0 for score in heard)), 2),
        "reasoning": _reasoning(heard, by_name),
        "by_speaker": [_of_speaker(name, by_name[name], lines) for name in names if by_name[name]],
        "by_quarter": [
            {"quarter": n, "label": _of_quarter(each), "score": _mean(each)}
            for n, each in quarters.items()
            if each
        ],
        "trend": _trend(quarters),
        "utterances": _utterances(lines, felt),
    }


def unheard() -> dict[str, Any]:
    """Nothing is known of a mood for which there is no word list."""
    return {
        "overall": "neutral",
        "score": 0.0,
        "confidence": 0.0,
        "reasoning": "The word lists are English and this call is not: nothing is known of its mood.",
        "by_speaker": [],
        "by_quarter": [],
        "trend": "unknown",
        "utterances": [],
    }


def _felt(sentence: Sentence, complaints: Collection[str]) -> float:
    score = 0.0 if sentence.is_question else feeling(sentence.text)
    if says(sentence.text, "anger"):
        return min(score, -0.6)
    if sentence.text in complaints:
        return min(score, -_STRONG)
    return max(score, 0.6) if says(sentence.text, "delight") and score >= 0 else score


def label(scores: Sequence[float]) -> str:
    """One word for many scores."""
    mean = _mean(scores)
    glad, sorry = (sum(sign * score >= _STRONG for score in scores) for sign in (1, -1))
    if min(glad, sorry) >= max(1, _BOTH * len(scores)):
        return "mixed"
    if mean >= _GLAD:
        return "positive"
    if mean <= _SORRY:
        return "negative"
    return "mixed" if min(glad, sorry) and sorry >= _PART * len(scores) else "neutral"


def _of_quarter(scores: Sequence[float]) -> str:
    """The same of a few sentences, among which one complaint says little against many glad ones."""
    found = label(scores)
    both = min(sum(sign * score >= _STRONG for score in scores) for sign in (1, -1)) >= _BOTH * len(scores)
    return "neutral" if found == "mixed" and not both else found


def _of_speaker(name: str, scores: Sequence[float], lines: Sequence[Line]) -> dict[str, Any]:
    """A seller is positive or neutral: what they say of trouble is not how they feel."""
    mean = _mean(scores)
    if next(line for line in lines if line.speaker == name).is_seller:
        return {
            "speaker": name,
            "label": "positive" if mean >= _AGENT_GLAD else "neutral",
            "score": max(mean, 0.0),
        }
    return {"speaker": name, "label": label(scores), "score": mean}


def _quarters(lines: Sequence[Line], felt: Mapping[Sentence, float]) -> dict[int, list[float]]:
    """Scores of the customers' sentences, or of all where there are none, by quarter of the call's time."""
    found: dict[int, list[float]] = {}
    for n in range(1, _QUARTERS + 1):
        inside = [(one, score) for one, score in felt.items() if quarter(lines, one.row) == n]
        customers = [score for one, score in inside if not one.line.is_seller]
        found[n] = customers or [score for _, score in inside]
    return found


def quarter(lines: Sequence[Line], row: int) -> int:
    """1 to 4: by the times of the lines, or by their number where they have none."""
    last = lines[-1].at
    share = lines[row].at / last if last else row / len(lines)
    return min(_QUARTERS, 1 + int(share * _QUARTERS))


def _trend(quarters: Mapping[int, Sequence[float]]) -> str:
    if not quarters[1] or not quarters[_QUARTERS]:
        return "unknown"
    turn = _mean(quarters[_QUARTERS]) - _mean(quarters[1])
    if abs(turn) < _TURN:
        return "stable"
    return "improving" if turn > 0 else "declining"


def _utterances(lines: Sequence[Line], felt: Mapping[Sentence, float]) -> list[dict[str, Any]]:
    """Those that are plainly not neutral, the plainest thirty, in order."""
    found = []
    for row, line in enumerate(lines):
        scores = [score for one, score in felt.items() if one.row == row and score]
        if not scores or max(map(abs, scores)) < _PLAIN:
            continue
        score = round(fmean(scores), 3)
        mixed = max(scores) >= _STRONG and min(scores) <= -_STRONG
        kind = "mixed" if mixed else "positive" if score > 0 else "negative"
        found.append({"utterance_id": line.id, "label": kind, "score": score})
    plainest = sorted(found, key=lambda one: -abs(float(str(one["score"]))))[:_MOST_LISTED]
    return [one for one in found if one in plainest]


def _mean(scores: Sequence[float]) -> float:
    return round(fmean(scores), 3) if scores else 0.0


def _reasoning(every: Sequence[float], felt: Mapping[str, Sequence[float]]) -> str:
    glad, sorry = (sum(sign * score > 0 for score in every) for sign in (1, -1))
    means = ", ".join(f"{name} {_mean(scores):+.2f}" for name, scores in felt.items())
    return (
        f"By a word list and the complaints found: {glad} of {len(every)} sentences sound positive "
        f"and {sorry} negative; means: {means}. "
        "Irony and tone of voice are not heard."
    )
