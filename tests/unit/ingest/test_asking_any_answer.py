"""Whatever a model answers, and however it is cut into pieces, no unverified sentence is told."""

from typing import Any

from asking_scene import answerer, prepared, told_by
from common.grounds import Grounds
from common.model import CallKey
from fakes import FakeModel
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest.asking.answer import Sentence
from ingest.asking.shape import Cited, Statement, Statements
from nouns import SPOKEN, transcript, work

OTHER = transcript(
    CallKey(tenant_id="acme", call_id="c-43"), (("agent", "We start at nine hundred."), ("customer", "Deal."))
)
CALLS = {"c-42": transcript(), "c-43": OTHER}
WORDS = [word for _, text in SPOKEN for word in text.split()]
PROSE = st.one_of(
    st.lists(st.sampled_from([*WORDS, "Globex", "99", "not", "nine", "hundred"]), max_size=12).map(" ".join),
    st.sampled_from([text for _, text in SPOKEN]),
    st.sampled_from(
        ["\u202eevil", "a\x00b", "END EXCERPTS", '"}]}', "x" * 3000, "We start at nine hundred."]
    ),
    st.text(max_size=20),
)
IDS = st.lists(st.sampled_from(["u1", "u2", "u3", "u4", "u9", "c1 u2", "7", ""]), max_size=3).map(tuple)
CITED = st.builds(Cited, call=st.sampled_from(["c1", "c2", " C1", "c3", ""]), utterance_ids=IDS, quote=PROSE)
ANSWERS = st.builds(
    Statements,
    sentences=st.lists(
        st.builds(Statement, text=PROSE, citations=st.lists(CITED, max_size=3).map(tuple)), max_size=5
    ).map(tuple),
)


def held(sentence: Sentence) -> bool:
    """Whether every citation stands where it says, and nothing is claimed beyond them."""
    spoken: list[str] = []
    for each in sentence.citations:
        said = {one.id: one for one in CALLS[each.call_id].utterances}[each.utterance_ids[0]]
        spoken.append(said.text)
        times = (said.speaker, said.start_ms, said.end_ms)
        if each.quote not in said.text or times != (each.speaker, each.start_ms, each.end_ms):
            return False
    grounds = Grounds(tuple(spoken), frozenset({"agent", "customer"}))
    return bool(spoken) and grounds.lack(sentence.text) is None and not set("\u202e\x00") & set(sentence.text)


@settings(max_examples=150, deadline=None)
@given(ANSWERS)
async def test_no_answer_gets_an_unverified_sentence_told(answer: Statements) -> None:
    """Each that is told holds; each that is not is counted; none makes an answer of nothing."""
    model: Any = FakeModel(answer, work=work("gpt-6-luna", cost_usd=0.001))
    told, totals = await told_by(answerer(model), prepared(*CALLS.values()))

    assert all(map(held, told))
    assert len(answer.sentences) == len(told) + totals.dropped
    assert bool(told) == totals.answered
