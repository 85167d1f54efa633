"""Passages by call, and the words around them."""

from common.index import Hit
from hypothesis import given
from hypothesis import strategies as st
from ingest.passages import around, grouped, key_of
from nouns import KEY, transcript

IDS = ("u1", "u2", "u3", "u4")


def hit(call_id: str, chunk_id: str = "acme:c:1:0") -> Hit:
    return Hit(
        call_id=call_id,
        chunk_id=chunk_id,
        score=1.0,
        text="said",
        speakers=(),
        utterance_ids=(),
        start_ms=0,
        end_ms=1,
    )


@given(st.lists(st.sampled_from("abcd")))
def test_every_passage_is_in_its_calls_group_in_order(calls: list[str]) -> None:
    """Nothing is lost, and calls come in the order of their best."""
    hits = [hit(call_id, f"acme:{call_id}:1:{n}") for n, call_id in enumerate(calls)]
    groups = grouped(hits)

    assert list(dict.fromkeys(calls)) == [group.best.call_id for group in groups]
    assert [each for call_id in dict.fromkeys(calls) for each in hits if each.call_id == call_id] == [
        each for group in groups for each in group.hits
    ]


@given(st.sets(st.sampled_from(IDS), min_size=1), st.integers(0, 5))
def test_what_is_around_a_passage_touches_it_on_both_sides(wanted: set[str], width: int) -> None:
    """As many as there are, at most so many."""
    before, after = around(transcript(), sorted(wanted), width)
    first, last = IDS.index(min(wanted)), IDS.index(max(wanted))

    assert list(IDS[max(0, first - width) : first]) == [each.id for each in before]
    assert list(IDS[last + 1 :][:width]) == [each.id for each in after]


def test_nothing_is_around_what_is_not_there() -> None:
    """The transcript may be another one by now."""
    assert ((), ()) == around(transcript(), ("u99",), 2)


def test_a_passage_knows_its_revision() -> None:
    """Its id tells, whatever the names look like."""
    third = KEY.model_copy(update={"revision": 3})

    assert third == key_of("acme", hit("c-42", f"{third.id}:17"))
