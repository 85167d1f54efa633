"""How far an analysis can be relied on: what is grounded, what is covered, and what contradicts itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from common.model import (
    FINDINGS,
    Evidence,
    Finding,
    Insights,
    QualityIssue,
    QualityValidation,
    Transcript,
)

HIGH: Final = 0.85
WEIGHTS: Final = {"grounding": 0.5, "coverage": 0.2, "consistency": 0.2, "length": 0.1}
QUARTERS: Final = 4
SPOKEN: Final = 0.1  # of the call's speech: a quarter that holds less may be without findings
FELT: Final = 0.2  # a score from which on a mood is one
MOST_ISSUES: Final = 40
TALKATIVE: Final = 20  # utterances of a call from which something has to follow
SHORTEST_SUMMARY: Final = 10  # characters
MOST_PER_UTTERANCE: Final = 2  # findings


@dataclass(frozen=True, slots=True)
class _Part:
    """One aspect of quality: its share from 0 to 1, and what speaks against it."""

    share: float
    issues: tuple[QualityIssue, ...]


def judged(
    insights: Insights[Evidence],
    transcript: Transcript,
    already: Iterable[QualityIssue] = (),
    *,
    least: float,
) -> QualityValidation:
    """The quality of checked insights; below *least* it is low. *already* is what bounds had to mend."""
    known = tuple(already)
    parts = {
        "grounding": _grounding(insights, transcript),
        "coverage": _coverage(insights, transcript),
        "consistency": _consistency(insights),
        "length": _length(insights, transcript, known),
    }
    score = round(sum(WEIGHTS[name] * part.share for name, part in parts.items()), 3)
    issues = (*known, *(issue for part in parts.values() for issue in part.issues))
    level = "low" if score < least else "high" if score >= HIGH else "medium"
    return QualityValidation(score=score, level=level, issues=issues[:MOST_ISSUES])


def offending(insights: Insights[Evidence]) -> Iterator[tuple[str, Finding[Evidence]]]:
    """The findings that may not be shown, by their place, such as ``objections[2]``."""
    for name in FINDINGS:
        for n, finding in enumerate(getattr(insights, name)):
            if not finding.verified:
                yield f"{name}[{n}]", finding


def _grounding(insights: Insights[Evidence], transcript: Transcript) -> _Part:
    faulty = list(offending(insights))
    found = len(insights.findings)
    if not found and len(transcript.utterances) >= TALKATIVE:
        return _Part(0.5, (QualityIssue(issue="no_findings"),))
    issues = tuple(QualityIssue(issue=_why(finding), where=where) for where, finding in faulty)
    return _Part(1 - len(faulty) / found if found else 1.0, issues)


def _why(finding: Finding[Evidence]) -> str:
    return next((piece.issue for piece in finding.evidence if piece.issue), "no_evidence")


def _coverage(insights: Insights[Evidence], transcript: Transcript) -> _Part:
    """Of the quarters in which much is said, those that something is quoted from."""
    begin = transcript.utterances[0].start_ms
    length = max(1, max(each.end_ms for each in transcript.utterances) - begin)
    speech = [0] * QUARTERS
    for each in transcript.utterances:
        speech[_quarter(each.start_ms - begin, length)] += each.end_ms - each.start_ms
    quoted = {_quarter(at - begin, length) for at in _moments(insights)}
    spoken = [n for n, ms in enumerate(speech) if ms > SPOKEN * sum(speech)]
    if len(transcript.utterances) < TALKATIVE or not spoken:
        return _Part(1.0, ())
    bare = [n for n in spoken if n not in quoted]
    issues = tuple(QualityIssue(issue="quarter_without_evidence", where=f"quarter {n + 1}") for n in bare)
    return _Part(1 - len(bare) / len(spoken), issues)


def _quarter(ms: int, length: int) -> int:
    return min(QUARTERS - 1, max(0, ms * QUARTERS // length))


def _moments(insights: Insights[Evidence]) -> Iterator[int]:
    pieces = (piece for finding in insights.findings for piece in finding.evidence if piece.verified)
    return (piece.start_ms for piece in pieces if piece.start_ms is not None)


def _consistency(insights: Insights[Evidence]) -> _Part:
    issues = tuple(_contradictions(insights))
    return _Part(max(0.0, 1 - len(issues) / 2), issues)


def _contradictions(insights: Insights[Evidence]) -> Iterator[QualityIssue]:
    mood = insights.sentiment
    felt = {"positive": 1, "negative": -1}.get(mood.overall, 0)
    if felt * mood.score < 0 and abs(mood.score) >= FELT:
        yield QualityIssue(issue="label_contradicts_score", where="sentiment")
    if _against(felt, [each.score for each in mood.utterances]):
        yield QualityIssue(issue="sentiment_contradicts_utterances", where="sentiment")
    if felt > 0 and _unhappy(insights):
        yield QualityIssue(issue="sentiment_contradicts_evidence", where="sentiment")
    agreed = any(step.verified for step in (*insights.next_steps, *insights.commitments))
    if insights.call_outcome == "next_step_agreed" and not agreed:
        yield QualityIssue(issue="outcome_without_next_step", where="call_outcome")
    if insights.call_outcome == "resolved" and _unresolved(insights):
        yield QualityIssue(issue="outcome_contradicts_objections", where="call_outcome")


def _against(felt: int, scores: Sequence[float]) -> bool:
    return bool(scores) and felt * fmean(scores) < 0 and abs(fmean(scores)) >= FELT


def _unhappy(insights: Insights[Evidence]) -> bool:
    """Whether grave complaints stand, and nothing that was achieved stands beside them."""
    grave = [each for each in insights.pain_points if each.verified and each.severity == "high"]
    return (
        len(grave) > 1 and _unresolved(insights) and not any(each.verified for each in insights.commitments)
    )


def _unresolved(insights: Insights[Evidence]) -> bool:
    return any(each.verified and each.resolution_status == "unresolved" for each in insights.objections)


def _length(insights: Insights[Evidence], transcript: Transcript, known: Sequence[QualityIssue]) -> _Part:
    issues = []
    if len(insights.summary) < SHORTEST_SUMMARY:
        issues.append(QualityIssue(issue="too_short", where="summary"))
    if len(insights.findings) > MOST_PER_UTTERANCE * len(transcript.utterances) + TALKATIVE:
        issues.append(QualityIssue(issue="too_many_findings"))
    faults = len(issues) + len(known)
    return _Part(max(0.0, 1 - faults / 2), tuple(issues))
