"""An answer of the model made into an analysis: within bounds, checked against the transcript, and judged."""

import json
from dataclasses import dataclass

from common.model import (
    FINDINGS,
    Analysis,
    Asking,
    CallKey,
    Citation,
    Criteria,
    Evidence,
    Insights,
    QualityValidation,
    Transcript,
    Work,
)

from analyzer.bounds import bounded
from analyzer.checking import checked
from analyzer.prompt import prompt_version
from analyzer.quality import judged, offending

Asked = Insights[Citation]
"""The shape a model answers in."""

MOST_SHOWN = 20  # offending findings that a repair is told of


@dataclass(frozen=True, slots=True)
class Draft:
    """Checked insights, and how far they can be relied on."""

    insights: Insights[Evidence]
    quality: QualityValidation


@dataclass(frozen=True, slots=True)
class Concluded:
    """The best draft, how it was come by, and what that took."""

    draft: Draft
    asking: Asking
    work: Work


def drafted(answer: Asked, transcript: Transcript, criteria: Criteria, *, least: float) -> Draft:
    """What can be kept of an answer; below *least* its quality is low."""
    within = bounded(answer, transcript, criteria)
    insights = checked(within.insights, transcript)
    return Draft(insights, judged(insights, transcript, within.issues, least=least))


def better(first: Draft, second: Draft) -> Draft:
    """The draft of the higher quality; the first, if they are alike."""
    return second if second.quality.score > first.quality.score else first


def faulty(draft: Draft) -> str:
    """The findings that may not be shown, as JSON by their place."""
    found = dict(list(offending(draft.insights))[:MOST_SHOWN])
    return json.dumps({where: _as_answered(finding.model_dump()) for where, finding in found.items()})


def grounded(draft: Draft, most: int) -> str:
    """What is verified of a part, as JSON in the shape of an answer; *most* findings of a kind."""
    row = draft.insights.model_dump()
    for name in FINDINGS:
        kept = [each for each in getattr(draft.insights, name) if each.verified]
        row[name] = [_as_answered(each.model_dump()) for each in kept[:most]]
    return json.dumps(row)


def analysed(key: CallKey, concluded: Concluded, criteria: Criteria) -> Analysis:
    """The document to keep."""
    return Analysis(
        **dict(key),
        insights=concluded.draft.insights,
        quality_validation=concluded.draft.quality,
        criteria=criteria,
        prompt_version=prompt_version(),
        asking=concluded.asking,
        work=concluded.work,
    )


def nothing_said(key: CallKey) -> Analysis:
    """A call without speech has no conclusions, and asking for them costs nothing."""
    work = Work(provider="none", model="none", cost_usd=0.0)
    return Analysis(**dict(key), insights=None, prompt_version=prompt_version(), work=work)


def _as_answered(finding: dict[str, object]) -> dict[str, object]:
    """With citations instead of evidence."""
    evidence = finding.get("evidence", ())
    pieces = evidence if isinstance(evidence, list | tuple) else ()
    cited = [{"utterance_ids": piece["utterance_ids"], "quote": piece["quote"]} for piece in pieces]
    return finding | {"evidence": cited}
