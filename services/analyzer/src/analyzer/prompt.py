"""The questions put to the model: files in the repository, and a call's words that pass for nothing else."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from common.model import Criteria, QualityIssue, Transcript, Utterance
from common.words import hear

from analyzer.bounds import readable

PROMPT: Final = "analysis.v2"
CONSOLIDATION: Final = "consolidation.v1"
RECITED: Final = 8  # words in a row that are in the instructions, too
LONGEST_LINE: Final = 4000  # characters; a longer turn goes on in another line under the same id
_BRACKETS: Final = str.maketrans("[]{}<>", "()()()")
_SAFE_LABEL: Final = str.maketrans(dict.fromkeys("[]{}<>:", "_"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a question, and when its utterance begins and ends."""

    text: str
    start_ms: int
    end_ms: int


@cache
def instructions(name: str = PROMPT) -> str:
    """A prompt, as it stands in the repository."""
    return files("analyzer").joinpath("prompts", f"{name}.md").read_text("utf-8")


def prompt_version() -> str:
    """The prompts' name and the digest of their text: an analysis says exactly what it was asked."""
    text = instructions(PROMPT) + instructions(CONSOLIDATION)
    return f"{PROMPT}+{sha256(text.encode()).hexdigest()[:8]}"


@cache
def _runs() -> frozenset[tuple[str, ...]]:
    return frozenset(run for name in (PROMPT, CONSOLIDATION) for run in _runs_of(instructions(name)))


def _runs_of(text: str) -> Iterator[tuple[str, ...]]:
    words = hear(text).words
    return (words[at : at + RECITED] for at in range(len(words) - RECITED + 1))


def recites(text: str) -> bool:
    """Whether a text repeats our instructions instead of telling of the call."""
    return any(run in _runs() for run in _runs_of(text))


def mark(transcript: Transcript) -> str:
    """What no caller can say: it is made from every word of the call."""
    said = "\0".join(f"{utterance.id}\0{utterance.text}" for utterance in transcript.utterances)
    return sha256(f"{transcript.call_id}\0{said}".encode()).hexdigest()[:16]


def lines(transcript: Transcript) -> tuple[Line, ...]:
    """The transcript as numbered lines."""
    return tuple(line for utterance in transcript.utterances for line in _lines(utterance))


def question(lines: Iterable[Line], criteria: Criteria, sign: str) -> str:
    """What is asked about these lines: the tenant's own questions, then the words between delimiters."""
    asked = _asked(criteria)
    words = "\n".join(line.text for line in lines)
    return f"{asked}BEGIN TRANSCRIPT {sign}\n{words}\nEND TRANSCRIPT {sign}"


def consolidation(parts: Sequence[str], criteria: Criteria, sign: str) -> str:
    """What is asked about the conclusions of parts, each as JSON."""
    found = "\n".join(_inert(part) for part in parts)
    return f"{_asked(criteria)}BEGIN FINDINGS {sign}\n{found}\nEND FINDINGS {sign}"


def repair(question: str, faults: Iterable[QualityIssue], offending: str, sign: str) -> str:
    """The question once more, and what was wrong with the answer to it; *offending* findings as JSON."""
    listed = "\n".join(f"- {fault.where or 'analysis'}: {fault.issue}" for fault in faults)
    return (
        f"{question}\n\nAn earlier answer had these faults. Answer anew and whole, without them.\n{listed}\n"
        f"BEGIN FAULTY {sign}\n{_inert(offending)}\nEND FAULTY {sign}"
    )


def _lines(utterance: Utterance) -> list[Line]:
    minutes, seconds = divmod(utterance.start_ms // 1000, 60)
    speaker = "_".join(readable(utterance.speaker).translate(_SAFE_LABEL).split())[:40]
    head = f"[{utterance.id} {minutes:02d}:{seconds:02d} {speaker}]"
    text = readable(utterance.text).translate(_BRACKETS)
    pieces = [text[at : at + LONGEST_LINE] for at in range(0, len(text), LONGEST_LINE)] or [""]
    return [Line(f"{head} {piece}", utterance.start_ms, utterance.end_ms) for piece in pieces]


def _asked(criteria: Criteria) -> str:
    """The tenant's own questions, by the tenant's own ids."""
    questions = [f"- {each.id}: {readable(each.text)}" for each in criteria.scorecard]
    categories = [f"- {each.id}: {readable(each.text)}" for each in criteria.categories]
    parts = [("Scorecard questions:", questions), ("Categories:", categories)]
    return "".join("\n".join((title, *rows)) + "\n\n" for title, rows in parts if rows)


def _inert(found: str) -> str:
    """JSON on lines of its own that begin with no delimiter: it may hold what callers made a model say."""
    return json.dumps(json.loads(found), ensure_ascii=True)
