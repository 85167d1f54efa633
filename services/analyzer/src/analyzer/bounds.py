"""A model's answer within bounds: short enough, of this call, as asked, with nothing unseen in it."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.evidence import MAX_QUOTE
from common.model import FINDINGS, Citation, Criteria, Insights, QualityIssue, Transcript
from common.prompting import readable

MOST_FINDINGS: Final[Mapping[str, int]] = dict.fromkeys(FINDINGS, 50) | {"entities": 100}
MOST_EVIDENCE: Final = 8
MOST_UTTERANCES: Final = 200
LONGEST: Final[Mapping[str, int]] = {"summary": 2000, "reasoning": 1000, "quote": MAX_QUOTE + 1}
"""Characters; a quote that is longer stays too long to be one."""
LONGEST_TEXT: Final = 500
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bounded:
    """What may be kept of an answer, and what was wrong with it."""

    insights: Insights[Citation]
    issues: tuple[QualityIssue, ...]


def bounded(answer: Insights[Citation], transcript: Transcript, criteria: Criteria) -> Bounded:
    """The answer without what is too long, of nobody in the call, or was not asked."""
    given = answer.model_dump()
    row = _clean(given)
    for name, most in MOST_FINDINGS.items():
        row[name] = [_few(finding) for finding in _distinct(row[name])[:most]]
    row["language"] = given["language"] if _LANGUAGE.fullmatch(given["language"]) else "und"
    row["sentiment"] = _of_the_call(row["sentiment"], transcript)
    row["scorecard"] = _asked(row["scorecard"], "question_id", [each.id for each in criteria.scorecard])
    row["categories"] = _asked(row["categories"], "category_id", [each.id for each in criteria.categories])
    insights = Insights[Citation].model_validate(row)
    return Bounded(insights, (*_cut(given, row), *_unanswered(insights, criteria)))


def _clean(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        longest = LONGEST.get(name, LONGEST_TEXT)
        return readable(value[: 2 * longest])[:longest]
    if isinstance(value, dict):
        return {key: _clean(each, key) for key, each in value.items()}
    return [_clean(each, name) for each in value] if isinstance(value, list | tuple) else value


def _distinct(findings: list[Row]) -> list[Row]:
    """Each finding once: a model at a loss repeats itself."""
    return list({json.dumps(finding, sort_keys=True): finding for finding in findings}.values())


def _few(finding: Row) -> Row:
    return finding | {"evidence": finding["evidence"][:MOST_EVIDENCE]}


def _of_the_call(sentiment: Row, transcript: Transcript) -> Row:
    speakers = {utterance.speaker for utterance in transcript.utterances}
    ids = {utterance.id for utterance in transcript.utterances}
    return sentiment | {
        "score": _between(sentiment["score"], -1.0),
        "confidence": _between(sentiment["confidence"], 0.0),
        "by_speaker": _once(sentiment["by_speaker"], "speaker", speakers.__contains__),
        "by_quarter": _once(sentiment["by_quarter"], "quarter", {1, 2, 3, 4}.__contains__),
        "utterances": _once(sentiment["utterances"], "utterance_id", ids.__contains__)[:MOST_UTTERANCES],
    }


def _once(rows: Iterable[Row], key: str, known: Callable[[Any], bool]) -> list[Row]:
    """The first row for each known key."""
    first: dict[Any, Row] = {}
    for row in rows:
        if known(row[key]):
            first.setdefault(row[key], row | {"score": _between(row["score"], -1.0)})
    return list(first.values())


def _between(score: float, least: float) -> float:
    return 0.0 if math.isnan(score) else min(1.0, max(least, score))


def _asked(answers: list[Row], key: str, ids: list[str]) -> list[Row]:
    first: dict[str, Row] = {}
    for answer in answers:
        first.setdefault(answer[key], answer)
    return [first[each] for each in ids if each in first]


def _cut(given: Row, row: Row) -> list[QualityIssue]:
    """What the answer held too much of."""
    long = ["summary"] if len(readable(given["summary"])) > len(row["summary"]) else []
    cut = [QualityIssue(issue="too_long", where=name) for name in long]
    for name in set(FINDINGS) - {"scorecard", "categories"}:
        if len(given[name]) > len(row[name]):
            full = len(row[name]) == MOST_FINDINGS[name]
            cut.append(QualityIssue(issue="too_many" if full else "repeated", where=name))
    return sorted(cut, key=lambda issue: issue.where or "")


def _unanswered(insights: Insights[Citation], criteria: Criteria) -> list[QualityIssue]:
    answered = {answer.question_id for answer in insights.scorecard}
    matched = {match.category_id for match in insights.categories}
    missing = [f"scorecard.{each.id}" for each in criteria.scorecard if each.id not in answered]
    missing += [f"categories.{each.id}" for each in criteria.categories if each.id not in matched]
    return [QualityIssue(issue="not_answered", where=where) for where in missing]
