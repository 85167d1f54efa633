"""The questions put to the model: files in the repository, and a call's words that pass for nothing else."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from common import prompting
from common.model import Criteria, QualityIssue, Transcript
from common.prompting import Line, Recital, lines_of, readable

PROMPT: Final = "analysis.v2"
CONSOLIDATION: Final = "consolidation.v1"


@cache
def instructions(name: str = PROMPT) -> str:
    """A prompt, as it stands in the repository."""
    return files("analyzer").joinpath("prompts", f"{name}.md").read_text("utf-8")


def prompt_version() -> str:
    """The prompts' name and the digest of their text: an analysis says exactly what it was asked."""
    text = instructions(PROMPT) + instructions(CONSOLIDATION)
    return f"{PROMPT}+{sha256(text.encode()).hexdigest()[:8]}"


@cache
def _recital() -> Recital:
    return Recital(map(instructions, (PROMPT, CONSOLIDATION)))


def recites(text: str) -> bool:
    """Whether a text repeats our instructions instead of telling of the call."""
    return _recital().holds(text)


def mark(transcript: Transcript) -> str:
    """What no caller can say: it is made from every word of the call."""
    said = (part for utterance in transcript.utterances for part in (utterance.id, utterance.text))
    return prompting.mark(transcript.call_id, *said)


def lines(transcript: Transcript) -> tuple[Line, ...]:
    """The transcript as numbered lines."""
    return tuple(line for utterance in transcript.utterances for line in lines_of(utterance))


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


def _asked(criteria: Criteria) -> str:
    """The tenant's own questions, by the tenant's own ids."""
    questions = [f"- {each.id}: {readable(each.text)}" for each in criteria.scorecard]
    categories = [f"- {each.id}: {readable(each.text)}" for each in criteria.categories]
    parts = [("Scorecard questions:", questions), ("Categories:", categories)]
    return "".join("\n".join((title, *rows)) + "\n\n" for title, rows in parts if rows)


def _inert(found: str) -> str:
    """JSON on lines of its own that begin with no delimiter: it may hold what callers made a model say."""
    return json.dumps(json.loads(found), ensure_ascii=True)
