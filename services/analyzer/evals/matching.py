"""Which finding is which label: of one kind and resting on an utterance in common, one to one.

Things that are named (entities, competitors) must also be named alike: one utterance often names several.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from common.model import Evidence, Finding

from evals.labels import Label

Matches = Mapping[int, int]
"""Finding's place -> label's place."""

NAMED = {"entities": ("text", "normalized"), "competitors": ("name",)}


def matched(kind: str, labels: Sequence[Label], found: Sequence[Finding[Evidence]]) -> Matches:
    """As many pairs as there can be, required labels first; in whatever order they are given."""
    wanted = sorted(range(len(labels)), key=lambda n: not labels[n].required)
    edges = {n: [m for m, finding in enumerate(found) if fits(kind, labels[n], finding)] for n in wanted}
    taken: dict[int, int] = {}
    for n in wanted:
        _place(n, edges, taken, set())
    return taken


def _place(label: int, edges: Mapping[int, Sequence[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Find *label* a finding, moving other labels to theirs if need be; none loses its finding."""
    for finding in edges[label]:
        if finding in tried:
            continue
        tried.add(finding)
        if finding not in taken or _place(taken[finding], edges, taken, tried):
            taken[finding] = label
            return True
    return False


def fits(kind: str, label: Label, finding: Finding[Evidence]) -> bool:
    """Whether they rest on an utterance in common, by verified quotes alone, and name the same thing."""
    cited = {cite for piece in finding.evidence if piece.verified for cite in piece.utterance_ids}
    return bool(cited & set(label.citation.utterance_ids)) and _same_name(kind, label, finding)


def _same_name(kind: str, label: Label, finding: Finding[Evidence]) -> bool:
    if kind not in NAMED:
        return True
    known = {*_names(kind, label), *map(_folded, getattr(label, "aliases", ()))}
    return any(_within(a, b) for a in known for b in _names(kind, finding))


def _names(kind: str, finding: Finding[Any]) -> set[str]:
    return {_folded(getattr(finding, field)) for field in NAMED[kind]}


def _folded(text: str) -> str:
    """Words in lower case, without what is not spoken."""
    spoken = "".join(sign if sign.isalnum() else " " for sign in text.casefold())
    return f" {' '.join(spoken.split())} "


def _within(one: str, other: str) -> bool:
    """Whether one's words are the other's, or a run of them ("Kowalski" in "Mrs. Kowalski")."""
    return bool(one.strip() and other.strip()) and (one in other or other in one)
