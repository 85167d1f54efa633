"""What the API tells of passages that were found, call by call."""

from collections.abc import Sequence
from typing import Literal

from common.index import Hit
from common.model import CallFacts, ChunkFinding, Noun, Transcript, Utterance

from ingest.passages import Group, around

Mode = Literal["hybrid", "words", "meaning"]


class Said(Noun):
    """An utterance beside a passage."""

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    text: str


class Passage(Noun):
    """Words that answer a question, or the finding that does, and what was said before and after.

    In ``highlights`` the text is escaped as HTML, and found words stand between ``<em>`` and ``</em>``; every
    other text is as it was said, and a page that shows it escapes it itself. ``starts_ms`` says when each of
    ``utterance_ids`` begins; it is empty, as ``before`` and ``after`` are, unless words around are asked for.
    """

    call_id: str
    chunk_id: str
    score: float
    text: str
    highlights: tuple[str, ...]
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    starts_ms: tuple[int, ...] = ()
    start_ms: int
    end_ms: int
    finding: ChunkFinding | None = None
    before: tuple[Said, ...] = ()
    after: tuple[Said, ...] = ()


class FoundCall(Noun):
    """A call and its best passages; ``passages`` counts all that were found, ``score`` is the best one's."""

    call_id: str
    score: float
    facts: CallFacts
    passages: int
    hits: tuple[Passage, ...]


class Degraded(Noun):
    """Meaning could not be asked for, so words alone were searched; ``reason`` is the provider's."""

    mode: Mode
    reason: str


class SearchAnswer(Noun):
    """Calls with passages that answer a question, best first; ``next`` is the cursor of the following page.

    ``complete`` is false where there may be more than the best passages that were looked at.
    """

    query: str
    mode: Mode
    degraded: Degraded | None = None
    calls: tuple[FoundCall, ...] = ()
    complete: bool = True
    next: str | None = None


class SimilarAnswer(Noun):
    """Calls that are like one, most alike first, with the passages that are."""

    call_id: str
    calls: tuple[FoundCall, ...]


def found(group: Group, most: int, transcript: Transcript | None = None, width: int = 0) -> FoundCall:
    """A call with at most so many passages, each with *width* utterances on both sides."""
    best = group.best
    return FoundCall(
        call_id=best.call_id,
        score=best.score,
        facts=best.facts,
        passages=len(group.hits),
        hits=tuple(_passage(hit, transcript, width) for hit in group.hits[:most]),
    )


def _passage(hit: Hit, transcript: Transcript | None, width: int) -> Passage:
    if transcript is None:
        return Passage(**dict(hit))
    before, after = around(transcript, hit.utterance_ids, width)
    starts = {each.id: each.start_ms for each in transcript.utterances}
    began = tuple(starts.get(name, hit.start_ms) for name in hit.utterance_ids)
    return Passage(**dict(hit), starts_ms=began, before=_told(before), after=_told(after))


def _told(utterances: Sequence[Utterance]) -> tuple[Said, ...]:
    return tuple(Said(**dict(each)) for each in utterances)
