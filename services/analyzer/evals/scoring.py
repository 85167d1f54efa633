"""What one analysis got right of one dialogue, as counts that can be added up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from common.model import Evidence, Finding, Insights, Noun, Utterance

from evals.gold import Dialogue
from evals.labels import KINDS, Label
from evals.matching import matched

ATTRIBUTES: Mapping[str, Sequence[str]] = {
    "entities": ("type",),
    "pain_points": ("severity",),
    "objections": ("type", "resolution_status"),
    "next_steps": ("owner", "due"),
    "questions_raised": ("asked_by", "answered"),
    "commitments": ("by",),
}
"""What is compared of a finding that has its label; other fields are free text."""

Verdict = tuple[str, str]
"""What the label says, and what the model says."""

TRENDS = {"rising": "improving", "falling": "declining", "flat": "stable"}
"""What the labels call a trend, and what an analysis does."""

NOTHING = "(nothing)"
"""A verdict that was not given."""


class Counts(Noun):
    """Findings of one kind: required ones found and missed, optional ones named, and wrong ones.

    ``unverified`` ones have no verified quote: nobody sees them, so they are neither found nor wrong.
    """

    found: int = 0
    missed: int = 0
    optional: int = 0
    wrong: int = 0
    unverified: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Counts.model_validate({name: mine[name] + theirs[name] for name in mine})


class Quotes(Noun):
    """Quotes given, those shown, and those of them that stand in the transcript word for word."""

    given: int = 0
    shown: int = 0
    verbatim: int = 0


class Score(Noun):
    """One dialogue's score. ``attributes`` ("objections.type") and ``verdicts`` hold label and answer."""

    kinds: dict[str, Counts]
    attributes: dict[str, tuple[Verdict, ...]]
    verdicts: dict[str, tuple[Verdict, ...]]
    quotes: Quotes


def score(dialogue: Dialogue, insights: Insights[Evidence] | None) -> Score:
    """How well *insights* tell what *dialogue* holds; None, where the model gave none, misses everything."""
    kinds: dict[str, Counts] = {}
    attributes: dict[str, tuple[Verdict, ...]] = {}
    for kind in KINDS:
        labels, found = dialogue.labels.of(kind), getattr(insights, kind, ())
        # In an order of their own, so that which of two equals is compared does not depend on the model's.
        shown = sorted((one for one in found if one.verified), key=_written)
        pairs = [(labels[n], shown[m]) for m, n in matched(kind, labels, shown).items()]
        kinds[kind] = _counts(labels, found, [label for label, _ in pairs])
        attributes |= {f"{kind}.{name}": _compared(name, pairs) for name in ATTRIBUTES.get(kind, ())}
    return Score(
        kinds=kinds,
        attributes=attributes,
        verdicts=dict(_verdicts(dialogue, insights)),
        quotes=_quotes(dialogue, insights),
    )


def _written(finding: Finding[Evidence]) -> str:
    return finding.model_dump_json()


def _counts(labels: Sequence[Label], found: Sequence[Finding[Evidence]], matching: Sequence[Label]) -> Counts:
    shown, required = sum(finding.verified for finding in found), sum(label.required for label in matching)
    return Counts(
        found=required,
        missed=sum(label.required for label in labels) - required,
        optional=len(matching) - required,
        wrong=shown - len(matching),
        unverified=len(found) - shown,
    )


def _compared(name: str, pairs: Sequence[tuple[Label, Finding[Evidence]]]) -> tuple[Verdict, ...]:
    return tuple(
        sorted((_said(getattr(label, name)), _said(getattr(finding, name))) for label, finding in pairs)
    )


def _said(value: Any) -> str:
    return " ".join(str(value).casefold().split()).strip(".,")


def _verdicts(
    dialogue: Dialogue, insights: Insights[Evidence] | None
) -> Iterator[tuple[str, tuple[Verdict, ...]]]:
    labels, mood = dialogue.labels, getattr(insights, "sentiment", None)
    for name in ("call_type", "call_outcome", "engagement_level"):
        said = getattr(insights, name, NOTHING)
        yield name, (_lenient(getattr(labels, name), said, getattr(labels.alternatives, name)),)
    overall = getattr(mood, "overall", NOTHING)
    yield "sentiment", (_lenient(labels.sentiment.overall, overall, labels.alternatives.sentiment),)
    yield "sentiment.trend", ((TRENDS[labels.sentiment.trend], getattr(mood, "trend", NOTHING)),)
    heard = {one.speaker: one.label for one in getattr(mood, "by_speaker", ())}
    spoke = labels.sentiment.by_speaker.items()
    yield "sentiment.by_speaker", tuple((label, heard.get(who, NOTHING)) for who, label in spoke)
    felt = {one.quarter: one.label for one in getattr(mood, "by_quarter", ())}
    quarters = enumerate(labels.sentiment.by_quarter, start=1)
    yield "sentiment.by_quarter", tuple((label, felt.get(n, NOTHING)) for n, label in quarters)


def _lenient(label: str, said: str, alternatives: Sequence[str]) -> Verdict:
    """What another careful analyst could say is right, too."""
    return (said if said in alternatives else label, said)


def _quotes(dialogue: Dialogue, insights: Insights[Evidence] | None) -> Quotes:
    spoken = {utterance.id: utterance for utterance in dialogue.transcript().utterances}
    given = [piece for kind in KINDS for finding in getattr(insights, kind, ()) for piece in finding.evidence]
    shown = [piece for piece in given if piece.verified]
    return Quotes(
        given=len(given), shown=len(shown), verbatim=sum(_verbatim(piece, spoken) for piece in shown)
    )


def _verbatim(piece: Evidence, spoken: Mapping[str, Utterance]) -> bool:
    """Looked up here once more, character by character, and not by the code that verified it."""
    said = [spoken[cite] for cite in piece.utterance_ids if cite in spoken]
    return bool(piece.quote) and any(
        piece.quote in one.text
        and piece.speaker == one.speaker
        and piece.start_ms is not None
        and piece.end_ms is not None
        and one.start_ms <= piece.start_ms < piece.end_ms <= one.end_ms
        for one in said
    )
