"""What differs between two analyses of a call, of what may be shown of each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

from common.model import FINDINGS, Evidence, Finding, Insights, Noun

_NAMES: Final[Mapping[str, Callable[[Any], tuple[str, ...]]]] = {
    "entities": lambda each: (each.type, each.normalized.casefold()),
    "competitors": lambda each: (each.name.casefold(),),
    "key_topics": lambda each: (each.topic.casefold(),),
    "scorecard": lambda each: (each.question_id,),
    "categories": lambda each: (each.category_id,),
}
"""Findings that are the same if they are named the same; others are if they rest on a common utterance."""


class Change(Noun):
    """A finding that came, went or changed; ``before`` and ``after`` are as the analysis tells them."""

    what: Literal["came", "went", "changed"]
    kind: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Verdict(Noun):
    """What an analysis says of the whole call; nothing, if nothing was said in it."""

    sentiment: str | None = None
    sentiment_score: float | None = None
    call_outcome: str | None = None
    call_type: str | None = None
    engagement_level: str | None = None
    summary: str | None = None


def verdict(insights: Insights[Evidence] | None) -> Verdict:
    """The whole call in one word each."""
    if insights is None:
        return Verdict()
    return Verdict(
        sentiment=insights.sentiment.overall,
        sentiment_score=insights.sentiment.score,
        call_outcome=insights.call_outcome,
        call_type=insights.call_type,
        engagement_level=insights.engagement_level,
        summary=insights.summary,
    )


def changes(before: Insights[Evidence] | None, after: Insights[Evidence] | None) -> tuple[Change, ...]:
    """Every finding that is not the same in both, kind by kind."""
    return tuple(
        change
        for kind in FINDINGS
        for change in _changed(kind, list(getattr(before, kind, ())), list(getattr(after, kind, ())))
    )


def _changed(kind: str, before: list[Any], after: list[Any]) -> Iterator[Change]:
    left = [each for each in before if each not in after]
    for new in (each for each in after if each not in before):
        old = next((each for each in left if _same(kind, each, new)), None)
        if old is not None:
            left.remove(old)
        what: Literal["came", "changed"] = "came" if old is None else "changed"
        yield Change(what=what, kind=kind, before=_told(old), after=_told(new))
    for each in left:
        yield Change(what="went", kind=kind, before=_told(each), after=None)


def _same(kind: str, one: Any, other: Any) -> bool:
    if name := _NAMES.get(kind):
        return name(one) == name(other)
    return not _utterances(one).isdisjoint(_utterances(other))


def _utterances(finding: Finding[Evidence]) -> frozenset[str]:
    return frozenset(name for piece in finding.evidence for name in piece.utterance_ids)


def _told(finding: Finding[Evidence] | None) -> dict[str, Any] | None:
    return None if finding is None else finding.model_dump(mode="json")
