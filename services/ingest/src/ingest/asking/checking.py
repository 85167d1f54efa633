"""Every sentence of an answer held against the utterances that the model was shown."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from common.evidence import Transcribed
from common.grounds import NOUNS_CAPITALISED, Grounds, names
from common.model import Citation, Evidence, Utterance
from common.prompting import readable
from common.words import hear

from ingest.asking.answer import Quoted, Sentence
from ingest.asking.excerpts import Excerpt, Excerpts
from ingest.asking.prompt import instructions, recital
from ingest.asking.shape import Cited, Statement

LONGEST: Final = 600  # characters of a sentence; cut shorter it could say something else
MOST_CITED: Final = 8
_WORD: Final = re.compile(r"[^\W\d_][\w'’]*")


@dataclass(frozen=True, slots=True)
class _Found:
    """A citation that was found, and the utterance it was found in."""

    quoted: Quoted
    utterance: Utterance
    language: str


class _Shown:
    """One call's utterances, to look quotes up in."""

    def __init__(self, excerpt: Excerpt) -> None:
        self._call_id = excerpt.transcript.call_id
        self._language = excerpt.transcript.language or ""
        self._spoken = Transcribed(excerpt.utterances)

    def find(self, cited: Cited) -> _Found | None:
        evidence = self._spoken.check(Citation(utterance_ids=cited.utterance_ids, quote=cited.quote))
        if not evidence.verified:
            return None
        (place,) = self._spoken.places(evidence.utterance_ids)
        utterance = self._spoken.utterance(place)
        return _Found(self._quoted(evidence, utterance), utterance, utterance.language or self._language)

    def _quoted(self, evidence: Evidence, utterance: Utterance) -> Quoted:
        times = {"start_ms": evidence.start_ms, "end_ms": evidence.end_ms, "speaker": utterance.speaker}
        row = evidence.model_dump(include={"utterance_ids", "quote"}) | times
        return Quoted(call_id=self._call_id, **row)


class Checker:
    """Lets through what is said of the calls in words of the calls."""

    def __init__(self, question: str, excerpts: Excerpts) -> None:
        self._question = question
        self._excerpts = excerpts
        self._calls = {call.label: _Shown(call) for call in excerpts.calls}
        self._speakers = frozenset(said.speaker for said in self._said())

    def check(self, statement: Statement) -> Sentence | None:
        """The sentence with the citations that hold; None if none does, or if it tells more than they do."""
        text = readable(statement.text)
        if len(text) > LONGEST or not hear(text).words or recital().holds(text):
            return None
        found = list(self._found(statement.citations[:MOST_CITED]))
        if not found or self._tells_more(text, found):
            return None
        return Sentence(text=text, citations=tuple(dict.fromkeys(each.quoted for each in found)))

    def _found(self, citations: Iterable[Cited]) -> Iterator[_Found]:
        for cited in citations:
            call = self._calls.get(cited.call.strip().lower())
            if call and (found := call.find(cited)):
                yield found

    def _tells_more(self, text: str, found: Iterable[_Found]) -> bool:
        """Whether it holds a number or a name that is not in the utterances it cites."""
        found = list(found)
        grounds = Grounds(tuple(each.utterance.text for each in found), self._speakers)
        lack = grounds.lack(text, self._named(text))
        nouns = any(each.language[:2] in NOUNS_CAPITALISED for each in found)
        return lack is not None and not (lack == "name_not_said" and nouns)

    def _named(self, text: str) -> Iterator[str]:
        """Words that are names even where a sentence begins with them: known ones, and no known words."""
        return (word for word in hear(text).words if word in self._names or not self._plain.has_name(word))

    @cached_property
    def _names(self) -> frozenset[str]:
        return names(self._question).union(*(names(said.text) for said in self._said()))

    @cached_property
    def _plain(self) -> Grounds:
        """Words that are written small in the calls or in the instructions."""
        texts = (instructions(), *(said.text for said in self._said()))
        return Grounds(tuple(" ".join(filter(str.islower, _WORD.findall(text))) for text in texts))

    def _said(self) -> Iterator[Utterance]:
        return (said for call in self._excerpts.calls for said in call.utterances)
