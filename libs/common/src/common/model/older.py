"""Analyses kept before a field was there: read as holding nothing under it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

# An answer of a model has no defaults (strict output takes none), so they are told here, for kept ones alone.
_INSIGHTS: Final[Mapping[str, Any]] = {"scorecard": (), "categories": ()}
_SENTIMENT: Final[Mapping[str, Any]] = {"by_quarter": (), "trend": "unknown", "utterances": ()}
_FINDINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "objections": {"response": None},
    "questions_raised": {"answer_utterance_id": None},
}


def completed(insights: Mapping[str, Any]) -> dict[str, Any]:
    """Insights as they are kept today, from those of any day."""
    whole = {**_INSIGHTS, **insights}
    if isinstance(sentiment := whole.get("sentiment"), Mapping):
        whole["sentiment"] = {**_SENTIMENT, **sentiment}
    return whole | {name: _each(whole.get(name, ()), absent) for name, absent in _FINDINGS.items()}


def _each(findings: Iterable[Any], absent: Mapping[str, Any]) -> list[Any]:
    return [{**absent, **each} if isinstance(each, Mapping) else each for each in findings]
