"""Sentences of an answer that is still being written, whatever it is cut into."""

import json
from itertools import pairwise

from asking_scene import ALSO, TRUE, said, statement
from hypothesis import given
from hypothesis import strategies as st
from ingest.asking.growing import Growing
from ingest.asking.shape import Statement

THIRD = statement('"}]}, {"text": "A brace { and a quote \\" are words."')
WHOLE = said(TRUE, ALSO, THIRD).model_dump_json()


def grown(*pieces: str) -> list[Statement]:
    """What was complete after these pieces."""
    growing = Growing()
    return [each for piece in pieces for each in growing.grow(piece)]


def test_a_sentence_is_complete_once_the_next_begins() -> None:
    """Not before its last citation is there."""
    second = WHOLE.index("A new offer")

    assert [] == grown(WHOLE[: WHOLE.index("Friday")][: second - 20])
    assert [TRUE] == grown(WHOLE[:second])


@given(st.lists(st.integers(0, len(WHOLE)), max_size=30))
def test_cutting_an_answer_changes_nothing(cuts: list[int]) -> None:
    """Every sentence but the last comes once, in order; the last is known with the whole answer."""
    edges = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in pairwise(edges)]

    assert [TRUE, ALSO] == grown(*pieces)


@given(st.text(alphabet='{}[]",:sentc 1\\n', max_size=60))
def test_what_is_no_answer_completes_nothing(text: str) -> None:
    """No text makes it stumble."""
    assert [] == grown(text, "{", "}") or "sentences" in text


def test_after_a_sentence_of_another_shape_nothing_is_complete() -> None:
    """The whole answer will be refused for it."""
    rows = [json.loads(TRUE.model_dump_json()), {"text": 5}, json.loads(ALSO.model_dump_json()), {}]

    assert [TRUE] == grown(json.dumps({"sentences": rows}))
