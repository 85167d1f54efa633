"""The transcript as it is written in a prompt: one `[u1 00:03 agent] text` a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(
    r"^\s*\[(?P<id>\S+) (?P<time>\d+:\d\d(?::\d\d)?) (?P<speaker>[^\]]+)\]\s*(?P<text>.*\S)\s*$"
)
_END_OF_SENTENCE = re.compile(r"(?<=[.?!])(?<![ap]\.m\.)(?<!Mr\.)(?<!Ms\.)(?<!Mrs\.)(?<!Dr\.)\s+")
_LONGEST_QUOTE = 25  # words
_SELLERS = frozenset({"agent", "sales", "salesperson", "seller", "rep", "representative", "advisor", "host"})


@dataclass(frozen=True)
class Line:
    """One utterance."""

    id: str
    speaker: str
    text: str
    at: float = 0.0
    """Seconds into the call."""

    @property
    def is_seller(self) -> bool:
        """Whether the speaker's label says that they sell."""
        return self.speaker.lower() in _SELLERS


@dataclass(frozen=True)
class Sentence:
    """One sentence of an utterance, in its words exactly."""

    text: str
    line: Line
    row: int
    """Which line of the transcript, from 0."""

    @property
    def is_question(self) -> bool:
        """Whether it is written as a question."""
        return self.text.endswith("?")

    @property
    def length(self) -> int:
        """In words."""
        return len(self.text.split())

    def evidence(self, focus: str = "") -> dict[str, Any]:
        """The sentence as a quote; of a long one, the words around *focus*."""
        return {"utterance_ids": [self.line.id], "quote": _excerpt(self.text, focus)}


def _excerpt(text: str, focus: str) -> str:
    words = list(re.finditer(r"\S+", text))
    if len(words) <= _LONGEST_QUOTE:
        return text
    at = sum(word.end() <= text.find(focus) for word in words)
    start = min(max(0, at - _LONGEST_QUOTE // 2), len(words) - _LONGEST_QUOTE)
    shown = words[start : start + _LONGEST_QUOTE]
    return text[shown[0].start() : shown[-1].end()]


def read_lines(text: str) -> list[Line]:
    """The transcript's lines among whatever else *text* holds."""
    matches = (_LINE.match(row) for row in text.splitlines())
    return [
        Line(match["id"], match["speaker"].strip(), match["text"], _seconds(match["time"]))
        for match in matches
        if match
    ]


def _seconds(clock: str) -> float:
    total = 0
    for part in clock.split(":"):
        total = total * 60 + int(part)
    return float(total)


def other_text(text: str) -> list[str]:
    """What a prompt says besides the transcript's lines."""
    return [row.strip() for row in text.splitlines() if row.strip() and not _LINE.match(row)]


def sentences(lines: Sequence[Line]) -> list[Sentence]:
    """Every sentence of every line, in order."""
    return [
        Sentence(text, line, row)
        for row, line in enumerate(lines)
        for text in _END_OF_SENTENCE.split(line.text)
    ]


def speakers(lines: Sequence[Line]) -> list[str]:
    """Everybody who speaks, in order of their first word."""
    return list(dict.fromkeys(line.speaker for line in lines))


def replies(lines: Sequence[Line], row: int, reach: int) -> list[Line]:
    """What is said to this line by others; where speakers are not told apart, whatever follows."""
    later = lines[row + 1 : row + 1 + reach]
    one_voice = len({line.speaker for line in lines}) == 1
    return [line for line in later if one_voice or line.speaker != lines[row].speaker]


def other_speaker(lines: Sequence[Line], speaker: str) -> str | None:
    """The one other party of a call of two; nobody where it is not clear who."""
    others = [name for name in speakers(lines) if name != speaker]
    return others[0] if len(others) == 1 else None
