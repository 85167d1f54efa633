"""What the API tells of an analysis: what was verified, how far it can be relied on, and what it took."""

from datetime import datetime
from typing import Any, Literal

from common.entry import Entry
from common.model import (
    FINDINGS,
    Analysis,
    Asking,
    Criteria,
    Evidence,
    Finding,
    Insights,
    Noun,
    QualityValidation,
    Work,
)

Level = Literal["high", "medium", "low"]


class AnalysisAnswer(Noun):
    """What follows from a call; ``unverified`` counts the findings left out. No insights: nothing was said.

    ``criteria`` are the tenant's own questions as they were when they were asked; ``matched`` are the ids of
    the categories that the call is of.
    """

    revision: int
    prompt_version: str
    quality_validation: QualityValidation | None
    unverified: int
    insights: Insights[Evidence] | None
    criteria: Criteria
    matched: tuple[str, ...]
    asking: Asking | None
    work: Work


class RevisionAnswer(Noun):
    """One revision of a call, and in short its analysis; ``analysis_revision`` is where that was made."""

    revision: int
    status: str
    created_at: datetime
    updated_at: datetime
    analysis_revision: int | None
    prompt_version: str | None
    model: str | None
    quality: float | None
    level: Level | None
    findings: int
    unverified: int


class RevisionList(Noun):
    """A call's revisions, newest first."""

    call_id: str
    revisions: tuple[RevisionAnswer, ...]


def verified(analysis: Analysis) -> AnalysisAnswer:
    """The analysis without what rests on words nobody said."""
    shown = shown_of(analysis)
    made = len(analysis.insights.findings) if analysis.insights else 0
    return AnalysisAnswer(
        revision=analysis.revision,
        prompt_version=analysis.prompt_version,
        quality_validation=analysis.quality_validation,
        unverified=made - (len(shown.findings) if shown else 0),
        insights=shown,
        criteria=analysis.criteria,
        matched=_matched(analysis.criteria, shown),
        asking=analysis.asking,
        work=analysis.work,
    )


def shown_of(analysis: Analysis) -> Insights[Evidence] | None:
    """The insights that may be shown, each with the quotes that may be."""
    insights = analysis.insights
    if insights is None:
        return None
    found = {name: getattr(insights, name) for name in FINDINGS}
    kept = {name: tuple(_quoted(each) for each in all_ if each.verified) for name, all_ in found.items()}
    return insights.model_copy(update=kept)


def told(entry: Entry, analysis: Analysis | None) -> RevisionAnswer:
    """A revision in short."""
    answer = verified(analysis) if analysis else None
    quality = answer.quality_validation if answer else None
    return RevisionAnswer(
        revision=entry.revision,
        status=entry.status,
        created_at=entry.began_at,
        updated_at=entry.updated_at,
        analysis_revision=answer.revision if answer else None,
        prompt_version=answer.prompt_version if answer else None,
        model=answer.work.model if answer else None,
        quality=quality.score if quality else None,
        level=quality.level if quality else None,
        findings=len(answer.insights.findings) if answer and answer.insights else 0,
        unverified=answer.unverified if answer else 0,
    )


def _quoted(finding: Finding[Evidence]) -> Finding[Evidence]:
    return finding.model_copy(update={"evidence": tuple(e for e in finding.evidence if e.verified)})


def _matched(criteria: Criteria, shown: Insights[Evidence] | None) -> tuple[str, ...]:
    present: dict[str, Any] = {each.category_id: each.present for each in shown.categories} if shown else {}
    wanted = {each.id: each.rule == "presence" for each in criteria.categories}
    return tuple(name for name, presence in wanted.items() if present.get(name) is presence)
