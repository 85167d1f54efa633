"""Quotes are looked up as a person would hear them, and shown as they were spoken."""

import pytest
from common.evidence import MAX_QUOTE, Transcribed
from common.model import Evidence
from hypothesis import given
from hypothesis import strategies as st
from nouns import citation, utterance

SPOKEN = (
    utterance(1, "agent", "Thanks for calling."),
    utterance(2, "customer", "It's  TOO expensive -- I mean, 12,000 dollars?!"),
    utterance(3, "agent", "We’ll see. Café or tea?"),
    utterance(4, "customer", "That's it."),
    utterance(5, "agent", "Bye."),
)


def check(quote: str, *ids: str) -> Evidence:
    return Transcribed(SPOKEN).check(citation(quote, *ids))


@pytest.mark.parametrize(
    ("quote", "spoken"),
    [
        ("Thanks for calling.", "Thanks for calling"),
        ("thanks FOR calling", "Thanks for calling"),
        ("“Thanks, for… calling!”", "Thanks for calling"),
        ("calling", "calling"),
    ],
    ids=["exact", "another case", "another punctuation", "a part"],
)
def test_a_quote_is_found_as_it_is_heard(quote: str, spoken: str) -> None:
    """Case and punctuation are the writer's; what comes back is the transcript's."""
    found = check(quote, "u1")

    assert (True, spoken, ("u1",)) == (found.verified, found.quote, found.utterance_ids)
    assert found.match in {"exact", "normalized"}


@pytest.mark.parametrize(
    ("quote", "id_", "spoken"),
    [
        ("It’s too expensive", "u2", "It's  TOO expensive"),
        ("We'll see", "u3", "We’ll see"),
        ("Cafe\u0301 or tea", "u3", "Café or tea"),
        ("12,000 dollars", "u2", "12,000 dollars"),
    ],
    ids=["a typographic apostrophe", "a typewriter's", "a decomposed accent", "a number"],
)
def test_the_shape_of_a_letter_does_not_matter(quote: str, id_: str, spoken: str) -> None:
    """Apostrophes and accents match however they are encoded."""
    assert (True, spoken) == (check(quote, id_).verified, check(quote, id_).quote)


def test_a_quote_in_a_neighbour_is_found_there() -> None:
    """A model that is off by one utterance is right about the words; the place is corrected."""
    found = check("Café or tea", "u2")

    assert (True, ("u3",), "agent", 10_000, 15_000) == (
        found.verified,
        found.utterance_ids,
        found.speaker,
        found.start_ms,
        found.end_ms,
    )


def test_a_cited_utterance_comes_before_its_neighbours() -> None:
    """Words that stand in several places are taken from the cited one."""
    twice = Transcribed([utterance(1, "agent", "Yes sir"), utterance(2, "customer", "Yes sir")])

    assert ("u2",) == twice.check(citation("yes sir", "u2")).utterance_ids


@pytest.mark.parametrize(
    ("quote", "ids"),
    [
        ("Bye", ("u1",)),
        ("That's it", ()),
        ("That's it", ("u99",)),
        ("Thanks calling", ("u1",)),
        ("calling for Thanks", ("u1",)),
        ("hanks for callin", ("u1",)),
        ("Thanks for calling It's TOO", ("u1", "u2")),
        ("That s it", ("u4",)),
        ("", ("u1",)),
        ("…?!", ("u2",)),
        ("I", ("u2",)),
        ("Thanks for calling " * 40, ("u1",)),
    ],
    ids=[
        "elsewhere",
        "nowhere cited",
        "an unknown utterance",
        "words left out",
        "another order",
        "half words",
        "across speakers",
        "an apostrophe lost",
        "nothing",
        "punctuation",
        "a single letter",
        "longer than a quote",
    ],
)
def test_what_was_not_said_there_is_not_verified(quote: str, ids: tuple[str, ...]) -> None:
    """It comes back as the model gave it, without a speaker or a time."""
    unfound = Evidence(utterance_ids=ids, quote=quote, verified=False, issue="not_said")

    assert unfound == check(quote, *ids)


TEXTS = st.text(alphabet="aAbÉé'’ß ﬁ.,-_!?0\u0301\n", max_size=30)


@given(texts=st.lists(TEXTS, min_size=1, max_size=4), quote=TEXTS, cited=st.integers(0, 5))
def test_a_verified_quote_stands_verbatim_in_its_utterance(texts: list[str], quote: str, cited: int) -> None:
    """Whatever is asked, ``verified`` means: these characters are in that utterance."""
    spoken = {f"u{n}": utterance(n, "agent", text) for n, text in enumerate(texts, start=1)}

    found = Transcribed(spoken.values()).check(citation(quote, f"u{cited}"))

    assert not found.verified or found.quote in spoken[found.utterance_ids[0]].text
    assert not found.verified or (found.quote and found.start_ms is not None)


@given(text=st.text(max_size=MAX_QUOTE), data=st.data())
def test_words_copied_from_an_utterance_are_verified(text: str, data: st.DataObject) -> None:
    """Any run of whole words of the cited utterance is found, if it has two letters."""
    words = text.split()
    start = data.draw(st.integers(0, len(words)))
    end = data.draw(st.integers(start, len(words)))
    quote = " ".join(words[start:end])

    found = Transcribed([utterance(1, "agent", " ".join(words))]).check(citation(quote, "u1"))

    letters = sum(character.isalnum() for character in quote)
    assert found.verified or letters < 2


SALE = (
    utterance(1, "agent", "The team plan is twelve thousand dollars a year, for up to 25 people."),
    utterance(2, "customer", "So we would not sign this before our legal department has looked at it."),
    utterance(3, "agent", "Okay."),
    utterance(4, "customer", "Could you send the security questionnaire to Dana by Friday morning?"),
    utterance(5, "agent", "Okay."),
)


def found(quote: str, *ids: str) -> tuple[str | None, str]:
    """How and in which words a quote of the sale is found."""
    evidence = Transcribed(SALE).check(citation(quote, *ids))
    assert evidence.verified == (evidence.match is not None) == (evidence.issue is None)
    return evidence.match, evidence.quote


@pytest.mark.parametrize(
    ("quote", "match", "spoken"),
    [
        ("The team plan is", "exact", "The team plan is"),
        ("“the TEAM plan is…”", "normalized", "The team plan is"),
        ("the team plan is $12,000", "normalized", "The team plan is twelve thousand"),
        ("plan is 12k dollars", "normalized", "plan is twelve thousand dollars"),
        ("up to twenty-five people", "normalized", "up to 25 people"),
        (
            "The team plan is twelve thousand dollars year",
            "fuzzy",
            "The team plan is twelve thousand dollars a year",
        ),
    ],
    ids=["exact", "as heard", "figures", "thousands", "spelled out", "almost"],
)
def test_evidence_says_how_it_was_found(quote: str, match: str, spoken: str) -> None:
    """And the quote becomes what was really said."""
    how, words = found(quote, "u1")

    assert (match, True) == (how, words.startswith(spoken))


@pytest.mark.parametrize(
    "quote",
    [
        "So we would sign this before our legal department has looked",
        "The team plan is thirteen thousand dollars a year",
        "for up to 26 people",
        "So we would not buy this before our legal department has looked",
    ],
    ids=["a negation lost", "another number", "another figure", "another word"],
)
def test_what_changes_the_meaning_is_never_almost_the_same(quote: str) -> None:
    """A number, a negation and a word of another spelling are not a slip of the pen."""
    assert (None, quote) == found(quote, "u1", "u2")


@pytest.mark.parametrize("given", ["u2 00:03", "[u2]", "U2", "2", "u2-u3", "u9, u2"])
def test_an_id_is_understood_as_a_model_writes_it(given: str) -> None:
    """The id is in there, and the rest says nothing else."""
    assert ("exact", "legal department") == found("legal department", given)


def test_words_said_in_one_place_are_found_from_anywhere() -> None:
    """A wrong id is put right where nothing else can be meant."""
    moved = Transcribed(SALE).check(citation("send the security questionnaire", "u77"))

    assert ("moved", ("u4",), "customer") == (moved.match, moved.utterance_ids, moved.speaker)


def test_words_said_in_several_places_stay_where_they_were_cited() -> None:
    """Which of them is meant, nobody can tell."""
    twice = Transcribed([utterance(n, "agent", "that is all right") for n in (1, 5, 9)])

    assert not twice.check(citation("that is all right", "u77")).verified


def test_a_quote_has_the_times_of_its_words() -> None:
    """Where the transcript has words; where they do not agree with its text, those of the utterance."""
    text = "Well, we'll sign on Friday."
    words = [
        {"text": word, "start_ms": 1000 + 100 * n, "end_ms": 1090 + 100 * n}
        for n, word in enumerate(text.split())
    ]
    timed = utterance(1, "customer", text, words=words)
    others = timed.model_copy(update={"text": "Well, we will sign on Friday."})

    evidence = Transcribed([timed]).check(citation("sign on Friday", "u1"))
    untimed = Transcribed([others]).check(citation("sign on Friday", "u1"))

    assert (1200, 1490) == (evidence.start_ms, evidence.end_ms)
    assert (0, 5000) == (untimed.start_ms, untimed.end_ms)


def test_marks_that_nobody_hears_do_not_hide_words() -> None:
    """Zero-width and bidirectional marks are in no word."""
    hidden = Transcribed([utterance(1, "agent", "the pr\u200bice is \u202efinal\u202c")])

    assert hidden.check(citation("the price is final", "u1")).verified


def pieces(quote: str, *ids: str) -> list[tuple[bool, tuple[str, ...], str]]:
    """Whether, where and in which words the pieces of a quote of the sale are found."""
    found = Transcribed(SALE).pieces(citation(quote, *ids))
    return [(piece.verified, piece.utterance_ids, piece.quote) for piece in found]


def test_a_quote_that_runs_on_into_the_next_utterance_is_two() -> None:
    """Each with its own words, its own speaker and its own times."""
    running = pieces("a year, for up to 25 people. So we would not sign this", "u1")

    assert [
        (True, ("u1",), "a year, for up to 25 people"),
        (True, ("u2",), "So we would not sign this"),
    ] == running


def test_a_quote_with_words_left_out_is_its_pieces() -> None:
    """Where dots say that there are some, and each piece proves something by itself."""
    apart = pieces("The team plan is … for up to 25 people ...", "u1")

    assert [(True, ("u1",), "The team plan is"), (True, ("u1",), "for up to 25 people")] == apart


@pytest.mark.parametrize(
    "quote",
    [
        "for up to 25 people we would not sign this",
        "for up to 25 people. Could you send the security questionnaire",
        "we would … legal department has looked",
        "we would not sign this ... until the summer is over",
        "people. So",
        "... " * 100,
    ],
    ids=[
        "a word left out",
        "an utterance left out",
        "a piece too short",
        "a piece invented",
        "two words",
        "dots",
    ],
)
def test_a_quote_whose_pieces_do_not_hold_comes_back_whole(quote: str) -> None:
    """And unverified, as the model gave it."""
    assert [(False, ("u1", "u2"), quote)] == pieces(quote, "u1", "u2")


@given(texts=st.lists(TEXTS, min_size=1, max_size=4), quote=TEXTS, cited=st.integers(0, 5))
def test_a_verified_piece_stands_verbatim_in_its_utterance(texts: list[str], quote: str, cited: int) -> None:
    """Whatever is asked, every piece or none is verified, and each is in its utterance."""
    spoken = {f"u{n}": utterance(n, "agent", text) for n, text in enumerate(texts, start=1)}
    found = Transcribed(spoken.values()).pieces(citation(quote, f"u{cited}"))

    assert len({piece.verified for piece in found}) == 1
    assert all(not piece.verified or piece.quote in spoken[piece.utterance_ids[0]].text for piece in found)


@given(data=st.data())
def test_words_copied_over_the_ends_of_utterances_are_verified(data: st.DataObject) -> None:
    """Any run of words of two neighbours is found, if there are enough of them to prove something."""
    words = [word for said in SALE[:2] for word in said.text.split()]
    start = data.draw(st.integers(0, len(words) - 3))
    end = data.draw(st.integers(start + 3, len(words)))

    assert all(verified for verified, _, _ in pieces(" ".join(words[start:end]), "u1"))
