"""Everything the rules find in a call, under the names an analysis gives it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from onebox.models.minilm import SentenceEncoder
from onebox.models.rules import actions, criteria, mood, questions, remarks, rivals, topics, verdicts
from onebox.models.rules.criteria import Criterion
from onebox.models.rules.entities import Entity, entities, figured
from onebox.models.rules.examples import Examples
from onebox.models.rules.lines import Line, Sentence, sentences, speakers
from onebox.models.rules.names import names
from onebox.models.rules.steps import steps
from onebox.models.rules.summary import opening, outlook, subjects, summary

Findings = dict[str, Any]

_ENGLISH = "en"
_ANSWER_LIKENESS = 0.3  # cosine below which a sentence does not answer the question
_MOST_ANSWERS = 2
_FORMAL = frozenset({"email", "phone", "money"})
_MOST_WORDS = 6  # of a call of a few words, that may be no sentence


class Analyst:
    """Reads a transcript's lines. The word lists are English: of other calls it tells little, and says so."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._examples = Examples(encoder)

    def analyse(self, lines: Sequence[Line], asked: Sequence[Criterion] = ()) -> Findings:
        """Everything found, by the names of an analysis; *asked* are a tenant's own criteria."""
        said = sentences(lines)
        language = verdicts.language(lines)
        if language == _ENGLISH:
            found = self._english(lines, said) | criteria.answers(asked, said, self._examples)
        else:
            found = _nothing_but_form(lines, said) | {"summary": self._summary(lines, said)}
        return found | {"language": language}

    def _english(self, lines: Sequence[Line], said: Sequence[Sentence]) -> Findings:
        told = remarks.said_by_customers(said)
        vectors = dict(zip(told, self._examples.encode([one.text for one in told]), strict=True))
        found = _spoken(lines, said)
        found["pain_points"] = remarks.pain_points(vectors, self._examples)
        found["objections"] = remarks.objections(lines, vectors, self._examples, found["call_outcome"])
        complaints = {one["description"] for name in ("pain_points", "objections") for one in found[name]}
        found["sentiment"] = mood.sentiment(lines, said, complaints)
        first = opening(found["call_type"], found["call_outcome"], speakers(lines))
        about = subjects([topic["topic"] for topic in found["key_topics"]])
        rows = np.array(list(vectors.values()))
        ending = outlook(found["next_steps"])
        return found | {"summary": summary(f"{first} {about}".strip(), told, rows, complaints, ending)}

    def _summary(self, lines: Sequence[Line], said: Sequence[Sentence]) -> str:
        vectors = self._examples.encode([one.text for one in said])
        return summary(opening("other", "unknown", speakers(lines)), said, vectors, ())

    def answer(self, lines: Sequence[Line], question: str) -> list[Sentence]:
        """The sentences nearest to a question, in their order; none where none is near."""
        said = [sentence for sentence in sentences(lines) if not sentence.is_question]
        if not said:
            return []
        likeness = self._examples.encode([one.text for one in said]) @ self._examples.encode([question])[0]
        best = sorted(range(len(said)), key=lambda row: -likeness[row])[:_MOST_ANSWERS]
        return [said[row] for row in sorted(best) if likeness[row] >= _ANSWER_LIKENESS]


def _spoken(lines: Sequence[Line], said: Sequence[Sentence]) -> Findings:
    """What patterns tell."""
    named, found, kind = names(said), steps(lines, said), verdicts.call_type(lines)
    weighed = rivals.competitors(lines, said, named)
    return {
        "next_steps": actions.next_steps(found),
        "commitments": actions.commitments(found, said),
        "questions_raised": questions.questions(lines, said),
        "call_type": kind,
        "call_outcome": verdicts.outcome(kind, lines, said, found),
        "engagement_level": verdicts.engagement(lines, said),
        "entities": [
            entity.finding() for entity in entities(said, named, {rival["name"] for rival in weighed})
        ],
        "competitors": weighed,
        "key_topics": topics.topics(said),
    }


def _is_formal(entity: Entity) -> bool:
    """Whether it reads alike in every language; sums do in figures alone: six cents euros are 600."""
    return entity.kind in _FORMAL and (entity.kind != "money" or any(map(str.isdigit, entity.text)))


def _nothing_but_form(lines: Sequence[Line], said: Sequence[Sentence]) -> Findings:
    """What can be told of a call in a language without word lists."""
    silent: Findings = {
        name: []
        for name in ("pain_points", "objections", "competitors", "key_topics", "next_steps", "commitments")
    }
    return silent | {
        "sentiment": mood.unheard(),
        "call_type": "other",
        "call_outcome": "unknown",
        "engagement_level": verdicts.engagement(lines, said),
        "entities": [entity.finding() for entity in figured(said) if _is_formal(entity)],
        "questions_raised": questions.questions(lines, said) if any(one.is_question for one in said) else [],
    }
