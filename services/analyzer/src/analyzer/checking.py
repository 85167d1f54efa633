"""Every finding held against the transcript: its quotes, and what it claims beyond them."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from common.evidence import Transcribed
from common.grounds import NOUNS_CAPITALISED, Grounds, names
from common.model import FINDINGS, Citation, Evidence, Finding, Insights, Transcript
from common.model.findings import Shortfall
from common.words import hear

from analyzer.bounds import MOST_EVIDENCE
from analyzer.prompt import recites

REACH: Final = 6  # utterances after a remark in which it is answered
PROSE: Final[Mapping[str, tuple[str, ...]]] = {
    "pain_points": ("description", "category"),
    "objections": ("description",),
    "key_topics": ("topic",),
    "next_steps": ("description",),
    "questions_raised": ("question",),
    "commitments": ("description",),
}
"""Texts whose numbers and names have to be in the utterances that are quoted."""
NAMED: Final[Mapping[str, str]] = {"entities": "text", "competitors": "name"}
"""Texts that are names or figures themselves: each word has to be there."""
_LABELS: Final = frozenset({"topic", "category"})  # one may write them With Capitals
_FIGURES: Final = frozenset({"money", "number", "phone"})
_FORMS: Final = _FIGURES | {"date", "email"}
LONGEST_FORM: Final = 24  # characters that a written form may have beyond twice what was said
_PEOPLE: Final[Mapping[str, str]] = {"questions_raised": "asked_by", "commitments": "by"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """A transcript that answers are checked against, and the names an answer goes by."""

    spoken: Transcribed
    call: Grounds
    speakers: frozenset[str]
    named: frozenset[str]
    language: str


def checked(answer: Insights[Citation], transcript: Transcript) -> Insights[Evidence]:
    """The answer with every quote looked up in the transcript, and what nobody said taken out or marked."""
    speakers = frozenset(utterance.speaker for utterance in transcript.utterances)
    call = Grounds(tuple(utterance.text for utterance in transcript.utterances), speakers)
    language = transcript.language or answer.language
    against = Checked(Transcribed(transcript.utterances), call, speakers, _named(answer), language)
    row = answer.model_dump()
    for name in FINDINGS:
        found: tuple[Finding[Citation], ...] = getattr(answer, name)
        pairs = zip(row[name], found, strict=True)
        row[name] = _merged(_checked(against, name, given, finding) for given, finding in pairs)
    row["summary"] = _said(against, answer.summary)
    row["sentiment"]["reasoning"] = _said(against, answer.sentiment.reasoning)
    return Insights[Evidence].model_validate(row)


def _merged(findings: Iterable[Row]) -> list[Row]:
    """Each finding once, with the evidence of all that tell the same, what was found of it first."""
    once: dict[str, Row] = {}
    for finding in findings:
        told = json.dumps({name: value for name, value in finding.items() if name != "evidence"})
        same = once.setdefault(told, finding | {"evidence": []})
        more = [piece for piece in finding["evidence"] if piece not in same["evidence"]]
        by_worth = sorted(same["evidence"] + more, key=lambda piece: not piece["verified"])
        same["evidence"] = by_worth[:MOST_EVIDENCE]
    return list(once.values())


def _named(answer: Insights[Citation]) -> frozenset[str]:
    """What the answer itself takes for a name: a sentence may begin with it."""
    texts = [entity.text for entity in answer.entities if entity.type not in {"money", "date", "number"}]
    texts += [competitor.name for competitor in answer.competitors]
    return frozenset(name for text in texts for name in names(f", {text}"))


def _checked(against: Checked, name: str, given: Row, finding: Finding[Citation]) -> Row:
    found = [piece for citation in finding.evidence for piece in against.spoken.pieces(citation)]
    places = against.spoken.places([piece.utterance_ids[0] for piece in found if piece.verified])
    issue = _shortfall(against, name, given, _grounds(against, places))
    evidence = [_marked(piece, issue) for piece in found]
    if name in NAMED and not any(piece.verified for piece in evidence):
        given, evidence = _mentioned(against, name, given, evidence)
    told = _details(against, name, given, places)
    return given | told | {"evidence": [piece.model_dump() for piece in evidence]}


def _mentioned(against: Checked, name: str, given: Row, faulty: list[Evidence]) -> tuple[Row, list[Evidence]]:
    """A name quoted beside the point, with the words in which it is said instead, if it is.

    That something was named, its name proves wherever it is said; a rival has to be named near the citation.
    """
    cited = against.spoken.places([cite for piece in faulty for cite in piece.utterance_ids])
    near, anywhere = against.spoken.around(cited), name == "entities"
    for said in dict.fromkeys((given[NAMED[name]], given.get("normalized", ""))):
        told, piece = given | {NAMED[name]: said}, against.spoken.mention(said, near, anywhere=anywhere)
        if piece and not _shortfall(
            against, name, told, _grounds(against, against.spoken.places(piece.utterance_ids))
        ):
            return told, [piece]
    return given, faulty


def _marked(piece: Evidence, issue: Shortfall | None) -> Evidence:
    if issue is None or not piece.verified:
        return piece
    return piece.model_copy(update={"verified": False, "issue": issue})


def _grounds(against: Checked, places: list[int], reach: int = 0) -> Grounds:
    last = against.spoken.length - 1
    wide = {near for place in places for near in range(place, min(last, place + reach) + 1)}
    texts = tuple(against.spoken.utterance(place).text for place in sorted(wide))
    return Grounds(texts, against.speakers)


def _shortfall(against: Checked, name: str, given: Row, grounds: Grounds) -> Shortfall | None:
    """What a finding claims that the utterances it quotes do not hold."""
    if name in NAMED and not grounds.has_words(given[NAMED[name]]):
        return "number_not_said" if given.get("type") in _FIGURES else "name_not_said"
    texts = [(field, given[field]) for field in PROSE.get(name, ())]
    if given.get("type") in _FIGURES and name == "entities":
        texts.append(("normalized", given["normalized"]))
    return next((issue for field, text in texts if (issue := _lack(against, grounds, field, text))), None)


def _lack(against: Checked, grounds: Grounds, field: str, text: str) -> Shortfall | None:
    if recites(text):
        return "recited"
    issue = grounds.lack(text, against.named)
    nouns = field in _LABELS or field == "normalized" or against.language[:2] in NOUNS_CAPITALISED
    return None if issue == "name_not_said" and nouns else issue


def _details(against: Checked, name: str, given: Row, places: list[int]) -> Row:
    """Details told as they were said, or not at all."""
    if name in _PEOPLE:
        field = _PEOPLE[name]
        known = _is_somebody(against, given[field])
        told: Row = {} if known or not places else {field: against.spoken.utterance(places[0]).speaker}
    else:
        told = _DETAILS[name](against, given, places) if name in _DETAILS else {}
    if name == "questions_raised":
        told["answer_utterance_id"] = _answer(against, given, places)
    return told


def _written(_against: Checked, given: Row, _places: list[int]) -> Row:
    """How one would write it, if it is the same thing; a date or a figure may look quite different."""
    said = Grounds((given["text"],))
    same = given["type"] in _FORMS or any(map(said.has_name, hear(given["normalized"]).words))
    short = len(given["normalized"]) <= LONGEST_FORM + 2 * len(given["text"])
    return {} if same and short else {"normalized": given["text"]}


def _step(against: Checked, given: Row, places: list[int]) -> Row:
    owner, due = given["owner"], given["due"]
    nearby = _grounds(against, [max(0, place - 2) for place in places], reach=4)
    return {
        "owner": owner if owner and _is_somebody(against, owner) else None,
        "due": due if due and nearby.has_words(due) else None,
    }


def _is_somebody(against: Checked, name: str) -> bool:
    return name in against.speakers or against.call.has_words(name)


def _response(against: Checked, given: Row, places: list[int]) -> Row:
    response = given["response"]
    if not response or not places or _lack(against, _grounds(against, places, REACH), "response", response):
        return {"response": None}
    return {}


def _answer(against: Checked, given: Row, places: list[int]) -> str | None:
    """The utterance that answers a question: one that comes after it."""
    given_id = given["answer_utterance_id"]
    answers = against.spoken.places([given_id]) if given_id and given["answered"] else []
    return against.spoken.utterance(answers[0]).id if answers and places and answers[0] > places[0] else None


_DETAILS: Final[Mapping[str, Callable[[Checked, Row, list[int]], Row]]] = {
    "next_steps": _step,
    "objections": _response,
    "entities": _written,
}


def _said(against: Checked, text: str) -> str:
    """A text without the sentences that tell a number or a name that nobody said."""
    return " ".join(
        sentence for sentence in _sentences(text) if not _lack(against, against.call, "summary", sentence)
    )


def _sentences(text: str) -> list[str]:
    ends = [n + 1 for n, letter in enumerate(text) if letter in ".!?" and text[n + 1 : n + 2] in {"", " "}]
    edges = [0, *ends, len(text)]
    parts = (text[start:end].strip() for start, end in pairwise(edges))
    return [part for part in parts if part]
