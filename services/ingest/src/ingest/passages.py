"""Passages that answer a question: by call, and with the words around them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.index import Hit
from common.model import CallKey, Transcript, Utterance


@dataclass(frozen=True, slots=True)
class Group:
    """A call's passages, best first."""

    hits: tuple[Hit, ...]

    @property
    def best(self) -> Hit:
        """The one by which the call is ranked."""
        return self.hits[0]


def grouped(hits: Iterable[Hit]) -> list[Group]:
    """The calls in the order of their best passages."""
    calls: dict[str, list[Hit]] = {}
    for hit in hits:
        calls.setdefault(hit.call_id, []).append(hit)
    return [Group(tuple(found)) for found in calls.values()]


def key_of(tenant_id: str, hit: Hit) -> CallKey:
    """The call in the revision that a passage is of."""
    return CallKey(tenant_id=tenant_id, call_id=hit.call_id, revision=hit.revision)


def around(
    transcript: Transcript, utterance_ids: Sequence[str], width: int
) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """At most *width* utterances before the first of these, and as many after the last."""
    said, wanted = transcript.utterances, set(utterance_ids)
    places = [n for n, utterance in enumerate(said) if utterance.id in wanted]
    if not places:
        return (), ()
    first, last = places[0], places[-1]
    return said[max(0, first - width) : first], said[last + 1 : last + 1 + width]
