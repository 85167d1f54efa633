"""Words and meaning together find no less than either alone; how that is measured is measured right."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from common.index import Hit
from evals import gold
from evals.search.__main__ import BEGIN, END, embedding, included
from evals.search.corpus import answered, cuts, ranks
from evals.search.measures import LEAST, Row, by_how, figures, shortfalls, table
from evals.search.run import open_index, run
from onebox.servers import running_search

SAMPLE = ("cold_storage_discovery", "fleet_fuel_negotiation", "gym_renewal_sarcastic")


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with running_search(tmp_path) as url:
        yield url


async def test_both_together_find_no_less_than_either(url: str) -> None:
    """Three dialogues and every question about them, through the index as the services use it."""
    dialogues = gold.dialogues()
    some = [one for one in dialogues if one.name in SAMPLE]

    async with open_index(url, "sample") as index:
        rows = await run(index, embedding(), some, gold.queries(dialogues))

    assert [] == shortfalls(rows, LEAST["sample"])
    assert {"words", "paraphrase"} == {row.query.kind for row in rows}


def test_all_there_is_to_be_found_is_enough_to_tell() -> None:
    """At least 500 chunks, and 60 answered questions, half of them paraphrases."""
    dialogues = gold.dialogues()
    asked = answered(gold.queries(dialogues), dialogues)

    assert sum(len(cut.chunks) for cut in cuts(dialogues)) >= 500
    assert len(asked) >= 60
    assert sum(query.kind == "paraphrase" for query in asked) * 2 >= len(asked)


QUERY = gold.Query.model_validate(
    {
        "text": "price",
        "kind": "words",
        "answers": [
            {"dialogue": "one_call", "utterances": ["u1"]},
            {"dialogue": "two_calls", "utterances": ["u7", "u8"]},
        ],
    }
)


def hit(call: str, *utterances: str) -> Hit:
    return Hit(
        call_id=call,
        chunk_id=f"gold:{call}:1:0",
        score=1.0,
        text="",
        speakers=(),
        utterance_ids=utterances,
        start_ms=0,
        end_ms=1,
    )


def test_a_hit_is_a_chunk_with_an_utterance_of_an_answer() -> None:
    """In that call: another call's utterance of the same number is none."""
    hits = [hit("other", "u1"), hit("two_calls", "u6", "u7"), hit("two_calls", "u8")]

    assert [None, 2] == ranks(QUERY, hits)


def test_measures_are_means_over_questions() -> None:
    """Recall counts each answer, the reciprocal rank the first."""
    rows = [Row(QUERY, "both", [None, 2]), Row(QUERY, "both", [1, 11])]

    assert (2, 0.5, 0.75) == (figures(rows).questions, figures(rows).recall, figures(rows).mrr)


def test_falling_short_is_told() -> None:
    """Of either alone, or of what was reached."""
    rows = [Row(QUERY, "words", [1, 1]), Row(QUERY, "meaning", [3, 4]), Row(QUERY, "both", [2, None])]

    assert [
        "both: recall 0.500 is below words's 1.000",
        "both: mrr 0.500 is below words's 1.000",
        "both: recall 0.500 is below meaning's 1.000",
        "both: recall 0.500 is below 0.800",
    ] == shortfalls(rows, {"recall": 0.8})
    assert 1.0 == by_how(rows)["words"].mrr


def test_the_table_stands_between_its_markers() -> None:
    """And nothing else of the page changes."""
    rows = [Row(QUERY, how, [1, 2]) for how in ("words", "meaning", "both")]
    rows += [Row(QUERY.model_copy(update={"kind": "paraphrase"}), row.how, [1, None]) for row in rows]

    page = included(f"before\n{BEGIN}\nold\n{END}\nafter", table(rows))

    assert page.startswith(f"before\n{BEGIN}\n| searched by")
    assert page.endswith(f"{END}\nafter")
    assert "| both | 0.75 | 1.00 | 1.00 | 1.00 | 0.50 | 1.00 |" in page
