"""The words that the rules go by are our own, and say where they come from."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yamls
from onebox.contracts import ROOT
from onebox.models import rules
from onebox.models.rules.lexicon import lexicon

RUN = 5  # words in a row that two sentences have in common by chance no more
FILES = [file.name for file in resources.files(rules).joinpath("vocabulary").iterdir()]
DIALOGUES = sorted((ROOT / "services/analyzer/evals/dialogues").glob("*.yaml"))


def runs(text: str) -> set[tuple[str, ...]]:
    """Every five words in a row."""
    words = re.findall(r"[a-z']+", text.lower())
    return {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


def examples(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    for inner in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from examples(inner)


@pytest.mark.parametrize("name", FILES)
def test_every_file_says_where_its_words_come_from(name: str) -> None:
    """In a sentence."""
    held = json.loads(resources.files(rules).joinpath("vocabulary", name).read_text("utf-8"))

    assert re.fullmatch(r"[A-Z].{20,}\.", held["origin"])


def test_no_example_is_copied_from_a_dialogue() -> None:
    """An example that an eval holds would measure memory. Only the open half is read here."""
    texts = [path.read_text("utf-8") for path in DIALOGUES]
    opened = [text for text in texts if re.search(r"^split: open$", text, re.MULTILINE)]
    spoken = {run for text in opened for line in yamls.load(text)["lines"] for run in runs(line["text"])}
    held = lexicon()
    told = [held["pain_point"]["examples"], held["objection"]["examples"], held["background"]]

    assert len(DIALOGUES) // 2 <= len(opened)
    assert [] == [one for one in examples(told) if runs(one) & spoken]
