"""A sentence is told if it cites what was said, and claims no number and no name beyond that."""

import pytest
from asking_scene import ALSO, INVENTED, TRUE, cited, excerpts, statement
from common.model import CallKey
from ingest.asking.answer import Quoted
from ingest.asking.checking import LONGEST, Checker
from ingest.asking.prompt import instructions
from ingest.asking.shape import Cited, Statement
from nouns import transcript

OTHER = transcript(
    CallKey(tenant_id="acme", call_id="c-43"),
    (("agent", "We start at nine hundred a month."), ("customer", "Globex wants eight hundred.")),
)


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker("What about the price?", excerpts(transcript(), OTHER))


def test_a_sentence_comes_back_with_the_words_as_they_were_spoken(checker: Checker) -> None:
    """Call, utterance, speaker and times, whatever the model made of them."""
    loose = statement(TRUE.text, cited("YOUR PRICE, IS TOO HIGH", "u1", "[u2"))
    sentence = checker.check(loose)

    assert sentence is not None
    assert sentence.citations == (
        Quoted(
            call_id="c-42",
            utterance_ids=("u2",),
            quote="your price is too high",
            speaker="customer",
            start_ms=5000,
            end_ms=10000,
        ),
    )


@pytest.mark.parametrize(
    "dropped",
    [
        INVENTED,
        statement("Nothing is cited."),
        statement("The price is too high.", cited("your price is too high", "u2", call="c2")),
        statement("The price is too high.", cited("your price is too high", "u2", call="c9")),
        statement("The price is 12,500 dollars.", cited("your price is too high", "u2")),
        statement("They compared it with Hooli.", cited("your price is too high", "u2")),
        statement("Globex wants less than that.", cited("your price is too high", "u2")),
        statement("Hooli wants less than that.", cited("your price is too high", "u2")),
        statement(instructions().split("\n\n")[0], cited("your price is too high", "u2")),
        statement("x" * (LONGEST + 1), cited("your price is too high", "u2")),
        statement(" \u202e ", cited("your price is too high", "u2")),
    ],
    ids=[
        "a quote nobody said",
        "no citation",
        "another call's words",
        "a call that was not shown",
        "a number nobody said",
        "a name nobody said",
        "a name said in another call",
        "a name nobody said, to begin with",
        "our instructions",
        "too long",
        "nothing to read",
    ],
)
def test_what_the_calls_do_not_hold_is_dropped(checker: Checker, dropped: Statement) -> None:
    """Whole sentences, never parts of them."""
    assert checker.check(dropped) is None


def test_a_sentence_may_rest_on_several_calls(checker: Checker) -> None:
    """Its numbers and names may be spread over them; a citation that does not hold is left out."""
    across = statement(
        "Initech asked for twelve thousand, Globex for 800.",
        cited("quoted us twelve thousand dollars", "u2"),
        cited("Globex wants eight hundred", "u2", call="c2"),
        cited("words of nobody", "u1"),
    )
    sentence = checker.check(across)

    assert sentence is not None
    assert ["c-42", "c-43"] == [each.call_id for each in sentence.citations]


def test_the_same_citation_is_told_once(checker: Checker) -> None:
    """Models repeat themselves."""
    sentence = checker.check(statement(ALSO.text, *ALSO.citations * 3))

    assert sentence is not None
    assert 1 == len(sentence.citations)


def test_a_language_that_writes_nouns_large_is_not_asked_for_its_names() -> None:
    """As findings are checked."""
    german = transcript(spoken=(("customer", "Das wird uns zu teuer."),)).model_copy(
        update={"language": "de"}
    )
    checker = Checker("Was sagt er zum Preis?", excerpts(german))

    assert checker.check(
        statement(
            "Der Kunde findet das Angebot zu teuer.",
            Cited(call="c1", utterance_ids=("u1",), quote="zu teuer"),
        )
    )
