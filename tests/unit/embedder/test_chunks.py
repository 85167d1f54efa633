"""Chunks: nothing lost, nothing too long, the same every time."""

from itertools import pairwise

import pytest
from common.model import CallKey, Transcript
from common.models.embedding import tokens_about
from embedder.chunks import LONGEST_OVERLAP, Limits, chunks
from hypothesis import given
from hypothesis import strategies as st
from nouns import KEY, transcript, utterance

SMALL = Limits(max_tokens=24, max_silence_ms=1000, overlap=0)
OVERLAPPING = Limits(max_tokens=40, max_silence_ms=1000, overlap=1)
WORDS = ["a", "bb", "c.", "dd?", "e\nf", "é…", "unpronounceableness" * 4, "长" * 30, "。", "ok"]


@st.composite
def calls(draw: st.DrawFn) -> Transcript:
    """Turns of words and sentences, with silences of any length between."""
    turns, now = [], 0
    for n in range(1, draw(st.integers(1, 8)) + 1):
        start = max(0, now + draw(st.integers(-500, 3000)))
        now = max(now, start + draw(st.integers(0, 4000)))
        text = " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=15)))
        speaker = draw(st.sampled_from(["agent", "customer"]))
        turns.append(utterance(n, speaker, text, start_ms=start, end_ms=now))
    return transcript().model_copy(update={"utterances": tuple(turns)})


def said(call: Transcript) -> str:
    """All that was said, in order, but for spaces: a word too long for a chunk is cut."""
    return "".join("".join(turn.text.split()) for turn in call.utterances)


def lines(call: Transcript, limits: Limits = SMALL) -> list[list[str]]:
    """The lines of each chunk, the speakers' labels left out."""
    found = [chunk.text.split("\n") for chunk in chunks(KEY, call, limits)]
    return [[line.split(": ", 1)[1] for line in chunk] for chunk in found]


@given(calls())
def test_no_word_is_lost_and_none_is_moved(call: Transcript) -> None:
    """The chunks, one after the other, are the call."""
    found = "".join("".join(line.split()) for chunk in lines(call) for line in chunk)
    assert said(call) == found


@given(calls(), st.sampled_from([SMALL, OVERLAPPING]))
def test_every_utterance_is_in_a_chunk_and_in_order(call: Transcript, limits: Limits) -> None:
    """Whoever said anything is found, where they said it."""
    found = [id_ for chunk in chunks(KEY, call, limits) for id_ in chunk.utterance_ids]
    firsts = list(dict.fromkeys(found))

    assert [turn.id for turn in call.utterances if turn.text.split()] == firsts


@given(calls(), st.sampled_from([SMALL, OVERLAPPING]))
def test_no_chunk_is_too_long(call: Transcript, limits: Limits) -> None:
    """Never more than the limit, and never nothing."""
    found = chunks(KEY, call, limits)

    assert all(tokens_about(chunk.text) <= limits.max_tokens for chunk in found)
    assert all(any(line for line in chunk) for chunk in lines(call, limits))


@given(calls())
def test_what_a_chunk_repeats_are_whole_utterances_from_the_end_of_the_one_before(call: Transcript) -> None:
    """At most one, short, and never a chunk as a whole."""
    for before, after in pairwise(chunks(KEY, call, OVERLAPPING)):
        old, new = before.text.split("\n"), after.text.split("\n")
        whole = {f"{turn.speaker}: {' '.join(turn.text.split())}" for turn in call.utterances}
        if before.utterance_ids[-1] == after.utterance_ids[0] and old[-1] == new[0] in whole:
            assert tokens_about(new[0]) <= OVERLAPPING.max_tokens * LONGEST_OVERLAP
            assert len(old) > 1
            assert len(new) > 1


@given(calls())
def test_the_same_call_has_the_same_chunks(call: Transcript) -> None:
    """Ids are the call's and a number that counts from 0."""
    first, again = chunks(KEY, call, SMALL), chunks(KEY, call, SMALL)

    assert first == again
    assert [f"acme:c-42:1:{n}" for n in range(len(first))] == [chunk.chunk_id for chunk in first]


@given(calls())
def test_no_chunk_spans_a_long_silence(call: Transcript) -> None:
    """What was said before a pause and after it are two things."""
    turns = {turn.id: turn for turn in call.utterances}
    for chunk in chunks(KEY, call, OVERLAPPING):
        inside = [turns[id_] for id_ in chunk.utterance_ids]
        gaps = [after.start_ms - before.end_ms for before, after in pairwise(inside)]
        assert all(gap <= SMALL.max_silence_ms for gap in gaps)


@given(calls())
def test_a_chunk_says_where_it_stands(call: Transcript) -> None:
    """Times, speakers and utterances are those of its words."""
    turns = {turn.id: turn for turn in call.utterances}
    for chunk in chunks(KEY, call, OVERLAPPING):
        inside = [turns[id_] for id_ in chunk.utterance_ids]
        assert (inside[0].start_ms, max(turn.end_ms for turn in inside)) == (chunk.start_ms, chunk.end_ms)
        assert {turn.speaker for turn in inside} == set(chunk.speakers)


def test_turns_that_fit_share_a_chunk() -> None:
    """Question and answer are found together."""
    call = transcript(spoken=(("agent", "How many seats?"), ("customer", "Forty, maybe fifty.")))

    (chunk,) = chunks(KEY, call, SMALL)

    assert "agent: How many seats?\ncustomer: Forty, maybe fifty." == chunk.text
    assert (("agent", "customer"), ("u1", "u2")) == (chunk.speakers, chunk.utterance_ids)


def test_a_short_end_begins_the_next_chunk() -> None:
    """So that what answers it is found with it."""
    turns = (("agent", "We have been over all of this at length"), ("customer", "And the price?"))
    call = transcript(spoken=(*turns, ("agent", "Twelve dollars a seat, billed once a year in advance")))

    first, second = lines(call, Limits(max_tokens=34, max_silence_ms=1000))
    assert ["And the price?"] == first[1:] == second[:1]


def test_a_monologue_is_cut_between_sentences() -> None:
    """A sentence stays whole where it can."""
    call = transcript(spoken=(("agent", "One two three four five six. Seven eight nine ten. Eleven."),))
    limits = Limits(max_tokens=16, max_silence_ms=1000)

    assert [["One two three four five six."], ["Seven eight nine ten. Eleven."]] == lines(call, limits)


def test_a_sentence_without_end_is_cut_between_words() -> None:
    """Speech without a full stop has chunks too."""
    call = transcript(spoken=(("agent", "a b c d e f g h i"),))

    assert [["a b c d e f g h"], ["i"]] == lines(call, Limits(max_tokens=11, max_silence_ms=1000))


def test_a_word_without_end_is_cut_between_letters() -> None:
    """Nothing that anybody writes into a transcript is refused by the model for its length."""
    call = transcript(spoken=(("agent", "x" * 50),))
    limits = Limits(max_tokens=400, max_silence_ms=1000, most_tokens=48)

    assert all(len(chunk.text.encode()) <= 48 for chunk in chunks(KEY, call, limits))


def test_an_endless_name_leaves_room_for_words() -> None:
    """Half of a chunk, at most."""
    call = transcript(spoken=(("agent" * 100, "Hello there."),))

    assert [["Hello there."]] == lines(call)


@pytest.mark.parametrize(("silence_ms", "count"), [(1000, 1), (1001, 2)], ids=["short", "long"])
def test_a_long_silence_ends_a_chunk(silence_ms: int, count: int) -> None:
    """However few words there are."""
    turns = (
        utterance(1, "agent", "One moment.", start_ms=0, end_ms=1000),
        utterance(2, "agent", "Here.", start_ms=1000 + silence_ms, end_ms=9000),
    )

    assert count == len(chunks(KEY, transcript().model_copy(update={"utterances": turns}), SMALL))


def test_a_silence_is_what_lies_between_two_turns() -> None:
    """Steady talk is one chunk, however long it goes on since its first words."""
    turns = tuple(
        utterance(n, "agent", "Yes.", start_ms=n * 1500, end_ms=n * 1500 + 1000) for n in range(1, 6)
    )

    assert 1 == len(chunks(KEY, transcript().model_copy(update={"utterances": turns}), OVERLAPPING))


def test_silence_has_no_chunks() -> None:
    """Nothing said, nothing to find."""
    assert [] == chunks(KEY, transcript(spoken=()), SMALL)


def test_chunks_belong_to_the_revision_that_is_embedded() -> None:
    """A re-run on an older transcript makes chunks of its own."""
    later = CallKey(tenant_id="acme", call_id="c-42", revision=3)

    assert {later} == {chunk.key for chunk in chunks(later, transcript(), SMALL)}
