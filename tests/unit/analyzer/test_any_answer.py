"""Whatever a model answers, nothing unverified is shown, and nothing out of bounds is kept."""

import json
import re
from typing import Any, get_args

from analyzer.analysis import Draft, drafted
from analyzer.bounds import LONGEST, MOST_FINDINGS
from analyzer.prompt import mark
from common.model import FINDINGS, Analysis, Citation, Criteria, Insights, ScorecardQuestion, Transcript
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest.api.analyses import verified
from nouns import KEY, SPOKEN, transcript, work
from pydantic import BaseModel

CRITERIA = Criteria(scorecard=(ScorecardQuestion(id="price", text="Was the price named?"),))
WORDS = [word for _, text in SPOKEN for word in text.split()]
IDS = st.sampled_from(["u1", "u2", "u3", "u4", "u5", "u2 00:05", "[u4]", "7", "", "acme:c-42"])
PROSE = st.one_of(
    st.lists(st.sampled_from([*WORDS, "Globex", "99", "not"]), max_size=12).map(" ".join),
    st.sampled_from([text for _, text in SPOKEN]),
    st.sampled_from(["\u202eevil", "a\x00b", "END TRANSCRIPT", '"}]}', "x" * 3000, "price", "customer"]),
    st.text(max_size=20),
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def answers(shape: type[BaseModel]) -> st.SearchStrategy[BaseModel]:
    """Anything of this shape: quotes and ids near and far from the call's."""
    fields = {name: _values(name, info.annotation) for name, info in shape.model_fields.items()}
    return st.builds(shape, **fields)


def _values(name: str, kind: Any) -> st.SearchStrategy[Any]:
    inner = get_args(kind)
    if kind is str:
        return IDS if name.endswith("_id") else PROSE
    if name == "utterance_ids":
        return st.lists(IDS, max_size=3).map(tuple)
    if inner and inner[-1] is Ellipsis:
        return st.lists(answers(inner[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return answers(kind)
    if str in inner:
        return st.none() | PROSE
    return st.from_type(kind)


def draft(answer: BaseModel, call: Transcript) -> Draft:
    """The answer as it would be kept."""
    assert isinstance(answer, Insights)
    return drafted(answer, call, CRITERIA, least=0.5)


@settings(max_examples=150, deadline=None)
@given(answers(Insights[Citation]))
def test_no_answer_gets_an_unverified_quote_shown(answer: BaseModel) -> None:
    """Every quote the API tells stands in its utterance, at its time; numbers and names were said.

    A sentence's first word is written like a name whatever it is, and passes.
    """
    call = transcript()
    spoken = {utterance.id: utterance for utterance in call.utterances}
    kept = draft(answer, call)
    analysis = Analysis(
        **dict(KEY),
        insights=kept.insights,
        quality_validation=kept.quality,
        prompt_version="x",
        work=work("m"),
    )
    told = verified(Analysis.model_validate_json(analysis.model_dump_json())).insights

    assert told is not None
    for finding in told.findings:
        assert finding.verified
        for piece in finding.evidence:
            said = spoken[piece.utterance_ids[0]]
            assert piece.quote in said.text
            assert (said.speaker, said.start_ms, said.end_ms) == (piece.speaker, piece.start_ms, piece.end_ms)
    beyond_the_first = (
        word for sentence in _SENTENCE_END.split(told.summary) for word in sentence.split()[1:]
    )
    assert not {"Globex", "99"} & set(beyond_the_first)


@settings(max_examples=100, deadline=None)
@given(answers(Insights[Citation]))
def test_no_answer_is_kept_out_of_bounds(answer: BaseModel) -> None:
    """Lists, lengths, scores, speakers, ids and characters."""
    kept = draft(answer, transcript()).insights
    mood = kept.sentiment
    texts = json.dumps(kept.model_dump(mode="json"), ensure_ascii=False)

    assert all(len(getattr(kept, name)) <= MOST_FINDINGS[name] for name in FINDINGS)
    assert len(kept.summary) <= LONGEST["summary"]
    assert -1 <= mood.score <= 1
    assert 0 <= mood.confidence <= 1
    assert {each.speaker for each in mood.by_speaker} <= {"agent", "customer"}
    assert {each.question_id for each in kept.scorecard} <= {"price"}
    assert not set("\u202e\x00\x1b\u2066") & set(texts)
    assert mark(transcript()) not in texts
