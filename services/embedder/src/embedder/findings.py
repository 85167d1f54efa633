"""Verified findings as chunks of their own: a sentence that tells one, and the words it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.model import (
    UNKNOWN,
    Analysis,
    CallFacts,
    CallKey,
    Chunk,
    ChunkFinding,
    Criteria,
    Evidence,
    FindingType,
    Insights,
    Transcript,
    Utterance,
)

Kept = Insights[Evidence]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as a sentence, what calls are counted by, and what it rests on."""

    type: FindingType
    text: str
    evidence: Sequence[Evidence]
    subject: str
    state: str | None = None

    @property
    def quotes(self) -> list[Evidence]:
        """What was found in the call's words."""
        return [piece for piece in self.evidence if piece.verified]


def findings(
    key: CallKey, analysis: Analysis, transcript: Transcript, facts: CallFacts, first: int
) -> list[Chunk]:
    """A chunk for each finding that has a verified quote, numbered from *first*."""
    said = {utterance.id: utterance for utterance in transcript.utterances}
    all_told = _told(analysis.insights, analysis.criteria) if analysis.insights else ()
    proven = [each for each in all_told if each.quotes]
    return [_chunk(key, n, each, said, facts) for n, each in enumerate(proven, start=first)]


def _told(found: Kept, criteria: Criteria) -> Iterator[Told]:
    yield from _named(found)
    yield from _of_the_customer(found)
    yield from _to_be_done(found)
    yield from _asked_of_every_call(found, criteria)


def _named(found: Kept) -> Iterator[Told]:
    for entity in found.entities:
        text = f"{_words(entity.type).capitalize()} named: {entity.normalized}"
        yield Told("entity", text, entity.evidence, f"{entity.type}:{entity.normalized}", entity.type)
    for rival in found.competitors:
        yield Told("competitor", f"Competitor named: {rival.name}", rival.evidence, rival.name)
    for topic in found.key_topics:
        yield Told("topic", f"Topic: {topic.topic}", topic.evidence, topic.topic)


def _of_the_customer(found: Kept) -> Iterator[Told]:
    for pain in found.pain_points:
        text = f"Pain point ({_words(pain.category)}, {pain.severity}): {pain.description}"
        yield Told("pain_point", text, pain.evidence, _words(pain.category), pain.severity)
    for objection in found.objections:
        answer = f"\nAnswered: {objection.response}" if objection.response else ""
        text = f"Objection ({objection.type}, {objection.resolution_status}): {objection.description}{answer}"
        yield Told("objection", text, objection.evidence, objection.type, objection.resolution_status)


def _to_be_done(found: Kept) -> Iterator[Told]:
    for step in found.next_steps:
        more = f" ({step.owner or UNKNOWN}{f', due {step.due}' if step.due else ''})"
        text = f"Next step{more}: {step.description}"
        yield Told("next_step", text, step.evidence, step.owner or UNKNOWN, step.due)
    for question in found.questions_raised:
        state = "answered" if question.answered else "open"
        text = f"Question of {question.asked_by} ({state}): {question.question}"
        yield Told("question", text, question.evidence, state, question.asked_by)
    for promise in found.commitments:
        text = f"Commitment of {promise.by}: {promise.description}"
        yield Told("commitment", text, promise.evidence, promise.by)


def _asked_of_every_call(found: Kept, criteria: Criteria) -> Iterator[Told]:
    """By the criteria's own words; their ids, where a criterion was forgotten since."""
    asked = {each.id: each.text for each in criteria.scorecard}
    sought = {each.id: each.text for each in criteria.categories}
    for answer in found.scorecard:
        name = answer.question_id
        text = f"{asked.get(name, name)} {_words(answer.answer).capitalize()}"
        yield Told("scorecard", text, answer.evidence, name, answer.answer)
    for match in found.categories:
        name, state = match.category_id, "present" if match.present else "absent"
        yield Told("category", f"{sought.get(name, name)}: {state}", match.evidence, name, state)


def _words(name: str) -> str:
    """A label as one says it."""
    return " ".join(name.lower().replace("_", " ").split())


def _chunk(key: CallKey, n: int, told: Told, said: Mapping[str, Utterance], facts: CallFacts) -> Chunk:
    quotes = told.quotes
    ids = tuple(dict.fromkeys(name for quote in quotes for name in quote.utterance_ids if name in said))
    heard = [said[name] for name in ids]
    starts = [quote.start_ms for quote in quotes if quote.start_ms is not None]
    ends = [quote.end_ms for quote in quotes if quote.end_ms is not None]
    return Chunk(
        **dict(key),
        n=n,
        text="\n".join([told.text, *dict.fromkeys(f"“{quote.quote}”" for quote in quotes)]),
        speakers=tuple(dict.fromkeys(utterance.speaker for utterance in heard)),
        utterance_ids=ids,
        start_ms=min(starts or [utterance.start_ms for utterance in heard], default=0),
        end_ms=max(ends or [utterance.end_ms for utterance in heard], default=0),
        finding=ChunkFinding(type=told.type, subject=told.subject, state=told.state, quote=quotes[0].quote),
        facts=facts,
    )
