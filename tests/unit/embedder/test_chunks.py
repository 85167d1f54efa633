"""Chunks: nothing lost, nothing too long, the same every time."""

from itertools import pairwise

import pytest
from common.model import CallKey, Transcript
from embedder.chunks import Limits, chunks
from hypothesis import given
from hypothesis import strategies as st
from nouns import KEY, transcript, utterance

SMALL = Limits(max_words=6, max_silence_ms=1000)


@st.composite
def calls(draw: st.DrawFn) -> Transcript:
    """Turns of words and sentences, with silences of any length between."""
    turns, now = [], 0
    for n in range(1, draw(st.integers(1, 8)) + 1):
        start = max(0, now + draw(st.integers(-500, 3000)))
        now = max(now, start + draw(st.integers(0, 4000)))
        text = " ".join(draw(st.lists(st.sampled_from(["a", "bb", "c.", "dd?", "e\nf", "é…"]), max_size=15)))
        speaker = draw(st.sampled_from(["agent", "customer"]))
        turns.append(utterance(n, speaker, text, start_ms=start, end_ms=now))
    return transcript().model_copy(update={"utterances": tuple(turns)})


def words(call: Transcript) -> list[str]:
    """All that was said, in order."""
    return [word for turn in call.utterances for word in turn.text.split()]


def chunked_words(call: Transcript, limits: Limits = SMALL) -> list[list[str]]:
    """The words of each chunk, the speakers' labels left out."""
    lines = [chunk.text.split("\n") for chunk in chunks(KEY, call, limits)]
    return [[word for line in chunk for word in line.split(": ", 1)[1].split()] for chunk in lines]


@given(calls())
def test_no_word_is_lost_and_none_is_moved(call: Transcript) -> None:
    """The chunks, one after the other, are the call."""
    assert words(call) == [word for chunk in chunked_words(call) for word in chunk]


@given(calls())
def test_no_chunk_is_too_long(call: Transcript) -> None:
    """Never more than the limit, and never nothing."""
    assert all(1 <= len(chunk) <= SMALL.max_words for chunk in chunked_words(call))


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
    for chunk in chunks(KEY, call, SMALL):
        inside = [turns[id_] for id_ in chunk.utterance_ids]
        gaps = [after.start_ms - before.end_ms for before, after in pairwise(inside)]
        assert all(gap <= SMALL.max_silence_ms for gap in gaps)


@given(calls())
def test_a_chunk_says_where_it_stands(call: Transcript) -> None:
    """Times, speakers and utterances are those of its words."""
    turns = {turn.id: turn for turn in call.utterances}
    for chunk in chunks(KEY, call, SMALL):
        inside = [turns[id_] for id_ in chunk.utterance_ids]
        assert (inside[0].start_ms, max(turn.end_ms for turn in inside)) == (chunk.start_ms, chunk.end_ms)
        assert {turn.speaker for turn in inside} == set(chunk.speakers)


def test_turns_that_fit_share_a_chunk() -> None:
    """Question and answer are found together."""
    call = transcript(spoken=(("agent", "How many seats?"), ("customer", "Forty, maybe fifty.")))

    (chunk,) = chunks(KEY, call, SMALL)

    assert "agent: How many seats?\ncustomer: Forty, maybe fifty." == chunk.text
    assert (("agent", "customer"), ("u1", "u2")) == (chunk.speakers, chunk.utterance_ids)


def test_a_monologue_is_cut_between_sentences() -> None:
    """A sentence stays whole where it can."""
    call = transcript(spoken=(("agent", "One two three four. Five six seven. Eight nine."),))

    assert [["One", "two", "three", "four."], ["Five", "six", "seven.", "Eight", "nine."]] == chunked_words(
        call
    )


def test_a_sentence_without_end_is_cut_between_words() -> None:
    """Speech without a full stop has chunks too."""
    call = transcript(spoken=(("agent", "a b c d e f g h"),))

    assert [["a", "b", "c", "d", "e", "f"], ["g", "h"]] == chunked_words(call)


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

    assert 1 == len(chunks(KEY, transcript().model_copy(update={"utterances": turns}), SMALL))


def test_silence_has_no_chunks() -> None:
    """Nothing said, nothing to find."""
    assert [] == chunks(KEY, transcript(spoken=()), SMALL)


def test_chunks_belong_to_the_revision_that_is_embedded() -> None:
    """A re-run on an older transcript makes chunks of its own."""
    later = CallKey(tenant_id="acme", call_id="c-42", revision=3)

    assert {later} == {chunk.key for chunk in chunks(later, transcript(), SMALL)}
