"""Everything the rules find in a call, under the names an analysis gives it."""

from collections.abc import Sequence
from typing import Any

from onebox.models.minilm import SentenceEncoder
from onebox.models.rules import actions, mood, questions, remarks, verdicts
from onebox.models.rules.entities import entities
from onebox.models.rules.examples import Examples
from onebox.models.rules.lines import Line, Sentence, sentences, speakers
from onebox.models.rules.summary import opening, summary
from onebox.models.safetensors import Array

Findings = dict[str, Any]

_ENGLISH = "en"
_ANSWER_LIKENESS = 0.3  # cosine below which a sentence does not answer the question
_MOST_ANSWERS = 2


class Analyst:
    """Reads a transcript's lines. The word lists are English: of other calls it tells little, and says so."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._examples = Examples(encoder)

    def analyse(self, lines: Sequence[Line]) -> Findings:
        """Everything found, by the names of an analysis."""
        said = sentences(lines)
        vectors = self._examples.encode([sentence.text for sentence in said])
        language = verdicts.language(lines)
        if language == _ENGLISH:
            found = self._remarks(lines, said, vectors) | _verdicts(lines, said)
        else:
            found = _nothing_but_form(lines, said)
        first = opening(found["call_type"], found["call_outcome"], speakers(lines))
        return found | {"language": language, "summary": summary(first, said, vectors, _complaints(found))}

    def _remarks(self, lines: Sequence[Line], said: Sequence[Sentence], vectors: Array) -> Findings:
        found = {
            "pain_points": remarks.pain_points(said, vectors, self._examples),
            "objections": remarks.objections(lines, said, vectors, self._examples),
        }
        return found | {
            "next_steps": actions.next_steps(lines, said),
            "commitments": actions.commitments(said),
            "questions_raised": questions.questions(lines, said),
            "sentiment": mood.sentiment(said, _complaints(found)),
        }

    def answer(self, lines: Sequence[Line], question: str) -> list[Sentence]:
        """The sentences nearest to a question, in their order; none where none is near."""
        said = [sentence for sentence in sentences(lines) if not sentence.is_question]
        if not said:
            return []
        likeness = self._examples.encode([one.text for one in said]) @ self._examples.encode([question])[0]
        best = sorted(range(len(said)), key=lambda row: -likeness[row])[:_MOST_ANSWERS]
        return [said[row] for row in sorted(best) if likeness[row] >= _ANSWER_LIKENESS]


def _complaints(found: Findings) -> set[str]:
    return {remark["description"] for name in ("pain_points", "objections") for remark in found[name]}


def _verdicts(lines: Sequence[Line], said: Sequence[Sentence]) -> Findings:
    named = entities(said)
    known = frozenset(word for one in named if one.kind != "money" for word in one.text.split())
    return {
        "call_type": verdicts.call_type(lines),
        "call_outcome": verdicts.outcome(lines, said),
        "engagement_level": verdicts.engagement(lines, said),
        "entities": [entity.finding() for entity in named],
        "competitors": verdicts.competitors(said, known),
        "key_topics": verdicts.topics(said),
    }


def _nothing_but_form(lines: Sequence[Line], said: Sequence[Sentence]) -> Findings:
    """What can be told of a call in a language without word lists."""
    silent: Findings = {
        name: []
        for name in ("pain_points", "objections", "competitors", "key_topics", "next_steps", "commitments")
    }
    return silent | {
        "sentiment": {
            "overall": "neutral",
            "score": 0.0,
            "confidence": 0.0,
            "reasoning": "The word lists are English and this call is not: nothing is known of its mood.",
            "by_speaker": [],
        },
        "call_type": "other",
        "call_outcome": "unknown",
        "engagement_level": verdicts.engagement(lines, said),
        "entities": [
            entity.finding() for entity in entities(said) if entity.kind in {"email", "phone", "money"}
        ],
        "questions_raised": questions.questions(lines, said) if any(one.is_question for one in said) else [],
    }
