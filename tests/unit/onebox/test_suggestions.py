"""What the page suggests to ask is answered by the rules, of the very call that `make run` brings."""

import re
from pathlib import Path
from typing import Any

import pytest
from onebox.expectations import sample
from onebox.models.extracts import Excerpts, Reader
from onebox.models.minilm import SentenceEncoder
from onebox.models.rules.lines import Line

ASK = Path(__file__).parents[3] / "services" / "ingest" / "page" / "src" / "views" / "ask.tsx"
ANSWERS = {
    "Which discount did we offer?": "If you sign for a year, I can offer a ten percent discount.",
    "What budget do customers have?": "Our budget is $900 a month.",
    "When will the proposal be sent?": "I will send you the proposal by Friday.",
}


def suggested() -> list[str]:
    """As the page's source has them."""
    table = re.search(r"const EXAMPLES = \[(.*?)\];", ASK.read_text("utf-8"), re.DOTALL)
    return re.findall(r'"([^"]+)"', table[1]) if table else []


@pytest.fixture(scope="module")
def lines() -> list[tuple[str, Line]]:
    turns = sample().script["turns"]
    return [("c1", Line(f"u{n}", turn["speaker"], turn["text"])) for n, turn in enumerate(turns, start=1)]


@pytest.fixture(scope="module")
def reader(encoder: SentenceEncoder) -> Reader:
    return Reader(encoder)


def said(answer: dict[str, Any]) -> list[str]:
    return [sentence["text"] for sentence in answer["sentences"]]


def test_every_suggestion_has_its_answer_here() -> None:
    """Whoever suggests another question says what it finds."""
    assert list(ANSWERS) == suggested()


@pytest.mark.parametrize(("question", "sentence"), ANSWERS.items())
def test_a_suggestion_is_answered_in_the_samples_words(
    reader: Reader, lines: list[tuple[str, Line]], question: str, sentence: str
) -> None:
    """Among the sentences that are quoted, all of which are the call's."""
    assert sentence in said(reader.answer(Excerpts(question, lines)))
