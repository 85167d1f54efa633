"""What must be found in a bundled sample: its phrases at their times, its words, checked quotes."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiwer import process_words

SAMPLES = Path(__file__).with_name("samples")
DEFAULT = "pricing_review"
MAX_WORD_ERROR_RATE = 0.10
MIN_VERIFIED_QUOTES = 3
TOLERANCE_MS = 1500  # an utterance starts at its turn, a phrase somewhere inside


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled call and its script."""

    recording: Path
    script: dict[str, Any]


def sample(name: str = DEFAULT) -> Sample:
    """A bundled call by name."""
    script = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return Sample(SAMPLES / script["audio"], script)


def shortcomings(call: dict[str, Any], expected: Sample) -> list[str]:
    """What was expected of this call and is not there; empty when all is well."""
    if call["status"] != "completed":
        return [f"the call is {call['status']}"]
    utterances = call["transcript"]["utterances"]
    return [
        *_missing_phrases(utterances, expected.script["phrases"]),
        *_too_many_errors(word_error_rate(utterances, expected.script["turns"])),
        *_too_few_quotes(verified_quotes(call["analysis"]["insights"])),
    ]


def word_error_rate(utterances: list[dict[str, Any]], turns: list[dict[str, Any]]) -> float:
    """Of all speakers together; case and punctuation do not count."""
    speakers = list(dict.fromkeys(turn["speaker"] for turn in turns))
    reference = [_said(turns, speaker) for speaker in speakers]
    return float(process_words(reference, [_said(utterances, speaker) for speaker in speakers]).wer)


def verified_quotes(insights: dict[str, Any]) -> list[str]:
    """Every quote of the analysis that stands in the transcript."""
    lists = (value for value in insights.values() if isinstance(value, list))
    evidence = (piece for findings in lists for finding in findings for piece in finding.get("evidence", ()))
    return list(dict.fromkeys(piece["quote"] for piece in evidence if piece["verified"]))


def normal(text: str) -> str:
    """Lower case, words only."""
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def _said(lines: Iterable[dict[str, Any]], speaker: str) -> str:
    return normal(" ".join(line["text"] for line in lines if line["speaker"] == speaker))


def _missing_phrases(utterances: list[dict[str, Any]], phrases: Iterable[dict[str, Any]]) -> list[str]:
    return [
        f"“{phrase['text']}” was not found at its time"
        for phrase in phrases
        if not _found(utterances, phrase)
    ]


def _found(utterances: list[dict[str, Any]], phrase: dict[str, Any]) -> bool:
    return any(
        normal(phrase["text"]) in normal(said["text"])
        and said["start_ms"] - TOLERANCE_MS <= phrase["start_ms"] <= said["end_ms"] + TOLERANCE_MS
        for said in utterances
        if said["speaker"] == phrase["speaker"]
    )


def _too_many_errors(rate: float) -> list[str]:
    return [f"word error rate {rate:.1%} > {MAX_WORD_ERROR_RATE:.0%}"] if rate > MAX_WORD_ERROR_RATE else []


def _too_few_quotes(quotes: list[str]) -> list[str]:
    if len(quotes) >= MIN_VERIFIED_QUOTES:
        return []
    return [f"{len(quotes)} verified quotes, {MIN_VERIFIED_QUOTES} expected"]
