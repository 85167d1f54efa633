"""Who is to do what after the call, told by the verbs of promises, proposals and requests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from onebox.models.rules.entities import due
from onebox.models.rules.lines import Line, Sentence, other_speaker, speakers
from onebox.models.rules.merging import merged

_ACTION = (
    r"(?P<verb>send|ship|post|e-?mail|text|call|ring|phone|schedule|reschedule|set (?:\w+ )?up|share|book|"
    r"follow up|get back|come back|prepare|forward|invite|discuss|review|confirm|arrange|test|sign|order|"
    r"connect|meet|talk|speak|bring|come (?:in|by|out)|turn on|stop by|look into|"
    r"make (?:sure|an appointment|the appointment)|put (?:you|it|that|one|a \w+) in the (?:post|mail|diary|"
    r"calendar)|refund|ask|write|draw up|load|fill in|find out|get|have (?:it|her|him|them)|check|measure|"
    r"pick up|drop off|install|let you know|tell you (?:by|on)|keep an eye|dig out|present|"
    r"pass (?:it|that|this) on|raise|copy|order|replace|credit|cancel|escalate|visit)"
)
_WILL = r"(?: will|'ll|’ll| am going to|'m going to| are going to|'re going to)"
_ADVERB = r"(?:(?:then|also|definitely|personally|just|now|happily|gladly|certainly|probably) )?"
_MINE = re.compile(rf"\b(?:I|we){_WILL} {_ADVERB}{_ACTION}\b", re.IGNORECASE)
_PROPOSED = re.compile(
    r"(?:^|\b(?:and|then|so|one|two|three|four|five|six)[.,]? )I (?P<verb>send|come back to|bring|ask|call|"
    r"ring) (?:you|the client|him|her)\b",
    re.IGNORECASE,
)
_LET_ME = re.compile(
    r"\blet me (?P<verb>send|e-?mail|call|schedule|book|forward|share|get back)\b", re.IGNORECASE
)
_TOGETHER = re.compile(
    rf"\b(?:let's|let us|shall we|can we|could we) (?:just )?(?:go ahead and )?(?:{_ACTION}|pencil)\b"
    r"|\b(?:then|and) we (?:meet|speak)\b|\bnext steps? (?:is|are|would be)\b|\bI have (?:you|"
    r"an?)\b.*\bappointment\b",
    re.IGNORECASE,
)
_YOURS = re.compile(
    r"\b(?:please|can you|could you|would you|will you) (?:please )?"
    r"(?P<verb>send|e-?mail|call|share|forward|sign|schedule|dig out|fill in|measure|confirm)\b|"
    r"\b(?:you|if you) (?P<given>send) (?:me|us)\b",
    re.IGNORECASE,
)
_THIRD = re.compile(
    r"\b(?:somebody|someone|my colleague|our \w+) (?:will|'ll) (?P<verb>ring|call|contact|email|come|"
    r"visit)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"^(?:please )?(?P<verb>send) (?:me|us) (?:the|a|an|your)\b", re.IGNORECASE)
CONDITION = re.compile(
    r"^(?:(?:well|and|so|but|because),? )*(?:if|when|unless|because)\b|^(?:make|give|drop|knock|"
    r"take)\b.*\band I'll\b|\bor won't\b|\bwhat (?:will|would)\b|\b(?:if|unless|before|until|when|"
    r"in case) (?:I|we)(?:'ll| will)\b"
    r"|\b(?:won't|will not|can't|not|never|never going to)\b (?:\w+ )?(?:send|call|ring|sign|"
    r"promise)\b|\bor I'll\b|\bthen you'll\b|\bask you\b|\bshall we (?:talk|start|go)\b",
    re.IGNORECASE,
)
_IDLE = re.compile(
    r"\bI'll (?:be|tell you what|say|take|let you go|get (?:told|in trouble|it|there|used)|call it|"
    r"ask you)\b",
    re.IGNORECASE,
)
_NEXT_PROMISE = re.compile(
    r"(?:,| and|, and) (?=(?:then )?(?:I|we)(?:'ll| will)\b|I ask\b|I send\b|then we\b)"
    r"|, (?=(?:can|could|shall|should) (?:we|you|I)\b)"
)
_REFERS = re.compile(
    r"^(?:\w+[.,]? )*I(?:'ll| will) (?:set|do|find|get|arrange|send|ask) (?:that|it)\b", re.IGNORECASE
)
_NEAR = 2  # lines
_WORD = re.compile(r"[a-z]{4,}")
_COMMON = frozenset(
    "that this them they with your will going then have just from back what when well".split()  # noqa: SIM905 - a text
)


@dataclass(frozen=True)
class Step:
    """Something to be done: by whom, what, and all sentences that say so."""

    verb: str
    owner: str | None
    sentences: tuple[Sentence, ...]
    promised: bool = False
    """By the speaker themselves."""

    @property
    def due(self) -> str | None:
        """When, by the first of the sentences that says so."""
        return next((found for found in map(due, self.sentences) if found), None)


def steps(lines: Sequence[Line], said: Sequence[Sentence]) -> list[Step]:
    """What is to happen after the call, in order; said twice, it is one step with two quotes."""
    clauses = (clause for one in said if not CONDITION.search(one.text) for clause in _clauses(one))
    found = (_step(lines, clause) for clause in clauses)
    return merged(filter(None, found), _is_same, _both)


def _clauses(sentence: Sentence) -> list[Sentence]:
    """The promises of one sentence apart, each in its words."""
    return [replace(sentence, text=text) for text in _NEXT_PROMISE.split(sentence.text) if text]


def _both(one: Step, other: Step) -> Step:
    """The first to say it, save that a promise outweighs a proposal."""
    kept, rest = (other, one) if other.promised and not one.promised else (one, other)
    return replace(kept, sentences=(*kept.sentences, *rest.sentences))


def _step(lines: Sequence[Line], sentence: Sentence) -> Step | None:
    text = sentence.text
    if _IDLE.search(text):
        return None
    for form in (_MINE, _PROPOSED, _LET_ME):
        if match := form.search(text):
            promised = not sentence.is_question
            return Step(match["verb"].lower(), _speaker(lines, sentence), (sentence,), promised=promised)
    if match := _THIRD.search(text):
        return Step(match["verb"].lower(), _speaker(lines, sentence), (sentence,), promised=True)
    match = _YOURS.search(text) or _ASKED.search(text)
    if match:
        verb = match.groupdict().get("given") or match["verb"]
        return Step(verb.lower(), other_speaker(lines, sentence.line.speaker), (sentence,))
    return Step("together", None, (sentence,)) if _TOGETHER.search(text) else None


def _speaker(lines: Sequence[Line], sentence: Sentence) -> str | None:
    """Whoever speaks, where that tells them from the others."""
    return sentence.line.speaker if len(speakers(lines)) > 1 else None


def _is_same(one: Step, other: Step) -> bool:
    """The same deed by the same party, of the same things; or a proposal and what was promised to it."""
    apart = other.sentences[0].row - one.sentences[-1].row
    same = one.verb == other.verb and one.owner in {other.owner, None}
    if not one.promised and other.promised and apart == 1:
        return same or _REFERS.search(other.sentences[0].text) is not None
    shared = _things(one) & _things(other)
    return same and one.owner == other.owner and (0 < apart <= _NEAR or bool(shared))


def _things(step: Step) -> set[str]:
    return (
        {word for sentence in step.sentences for word in _WORD.findall(sentence.text.lower())}
        - _COMMON
        - {step.verb}
    )
