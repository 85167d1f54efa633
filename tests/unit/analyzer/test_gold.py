"""The gold dialogues can be trusted: what they claim is there, and there is enough of every kind."""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from common.evidence import Transcribed
from common.model import Entity, Insights, Objection, Sentiment
from evals import gold, labels
from evals.gold import Dialogue, Query, WrongGoldError
from evals.wording import content_words

RANK = {"negative": -1, "mixed": 0, "neutral": 0, "positive": 1}
A_CALL: dict[str, Any] = {
    "name": "a_call",
    "split": "open",
    "language": "en",
    "lines": [
        {"speaker": "agent", "start": 0.4, "text": "Shall I send the offer?"},
        {"speaker": "customer", "start": 2.0, "text": "Yes, by Friday."},
    ],
    "labels": {
        "call_type": "other",
        "call_outcome": "unknown",
        "engagement_level": "low",
        "sentiment": {
            "overall": "neutral",
            "by_speaker": {"agent": "neutral", "customer": "neutral"},
            "by_quarter": ["neutral", "neutral", "neutral", "neutral"],
            "trend": "flat",
        },
        **{name: [] for name in labels.KINDS},
        "entities": [
            {
                "utterances": ["u2"],
                "quote": "Friday",
                "required": True,
                "type": "date",
                "text": "Friday",
                "normalized": "Friday",
            }
        ],
    },
}


@pytest.fixture(scope="module")
def dialogues() -> tuple[Dialogue, ...]:
    return gold.dialogues()


@pytest.fixture(scope="module")
def queries(dialogues: tuple[Dialogue, ...]) -> tuple[Query, ...]:
    return gold.queries(dialogues)


def written(tmp_path: Path, what: Any, name: str = "a_call") -> Path:
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(what), "utf-8")
    return path


def changed(where: str, value: Any) -> dict[str, Any]:
    """The call, one field of it replaced: *where* is a path such as ``lines.0.start``."""
    call: dict[str, Any] = yaml.safe_load(yaml.safe_dump(A_CALL))
    *above, last = [int(part) if part.isdigit() else part for part in where.split(".")]
    place: Any = call
    for part in above:
        place = place[part]
    place[last] = value
    return call


def test_there_are_enough_dialogues_and_half_of_them_are_held_out(dialogues: tuple[Dialogue, ...]) -> None:
    """At least forty beside the samples' scripts; what is tuned on one half is judged by the other."""
    splits = Counter(call.split for call in dialogues)

    assert len(dialogues) >= 43
    assert splits["held_out"] == splits["open"]


def test_every_quote_is_found_where_it_is_cited(dialogues: tuple[Dialogue, ...]) -> None:
    """The check that a model's quotes go through finds each of ours, word for word."""
    for call in dialogues:
        spoken = Transcribed(call.transcript().utterances)
        for kind in labels.KINDS:
            for label in call.labels.of(kind):
                assert spoken.check(label.citation).verified, (call.name, kind, label.citation.utterance_ids)


def test_an_entity_is_spelled_as_it_is_said(dialogues: tuple[Dialogue, ...]) -> None:
    """Its text and its other spellings occur in the utterances it cites."""
    for call in dialogues:
        said = {each.id: each.text.lower() for each in call.transcript().utterances}
        for entity in call.labels.entities:
            cited = " ".join(said[cite] for cite in entity.citation.utterance_ids)
            missing = [form for form in (entity.text, *entity.aliases) if form.lower() not in cited]
            assert missing == [], call.name


def test_owners_and_askers_are_of_the_call(dialogues: tuple[Dialogue, ...]) -> None:
    """A question is asked by who says it, and something is due as somebody said."""
    for call in dialogues:
        said = {each.id: each for each in call.transcript().utterances}
        for question in call.labels.questions_raised:
            assert question.asked_by in {said[cite].speaker for cite in question.citation.utterance_ids}
        for step in call.labels.next_steps:
            cited = " ".join(said[cite].text for cite in step.citation.utterance_ids).lower()
            assert step.due is None or step.due.lower() in cited, call.name


def test_a_trend_agrees_with_its_quarters(dialogues: tuple[Dialogue, ...]) -> None:
    """Rising and falling compare the last quarter with the first."""
    for call in dialogues:
        first, *_, last = (RANK[mood] for mood in call.labels.sentiment.by_quarter)
        expected = "rising" if last > first else "falling" if last < first else "flat"
        assert expected == call.labels.sentiment.trend, call.name


@pytest.mark.parametrize("split", ["open", "held_out"])
def test_both_halves_hold_every_kind_of_call(dialogues: tuple[Dialogue, ...], split: str) -> None:
    """Each type of call and of objection, each outcome and feeling is in both halves."""
    half = [call.labels for call in dialogues if call.split == split]
    every: dict[str, set[Any]] = {
        "call_type": {*get_args(labels.CallType)},
        "call_outcome": {*get_args(labels.CallOutcome)},
        "overall": {*get_args(labels.Mood)},
        "objection": {*get_args(Objection.model_fields["type"].annotation)},
        "resolution": {*get_args(Objection.model_fields["resolution_status"].annotation)} - {"unknown"},
        "entity": {*get_args(Entity.model_fields["type"].annotation)},
    }

    held: dict[str, set[Any]] = {
        "call_type": {each.call_type for each in half},
        "call_outcome": {each.call_outcome for each in half},
        "overall": {each.sentiment.overall for each in half},
        "objection": {objection.type for each in half for objection in each.objections},
        "resolution": {objection.resolution_status for each in half for objection in each.objections},
        "entity": {entity.type for each in half for entity in each.entities},
    }
    assert {name: kinds - held[name] for name, kinds in every.items()} == {name: set() for name in every}


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("entities", 400),
        ("pain_points", 65),
        ("objections", 65),
        ("competitors", 20),
        ("key_topics", 85),
        ("next_steps", 80),
        ("questions_raised", 230),
        ("commitments", 70),
    ],
)
def test_there_are_enough_required_findings(dialogues: tuple[Dialogue, ...], kind: str, least: int) -> None:
    """A share of few findings says nothing."""
    assert sum(label.required for call in dialogues for label in call.labels.of(kind)) >= least


@pytest.mark.parametrize("kind", ["pain_points", "objections", "competitors", "next_steps"])
@pytest.mark.parametrize("split", ["open", "held_out"])
def test_some_calls_hold_nothing_of_a_kind(dialogues: tuple[Dialogue, ...], split: str, kind: str) -> None:
    """Silence is scored too."""
    assert sum(not call.labels.of(kind) for call in dialogues if call.split == split) >= 2


def test_calls_are_as_varied_as_recordings_are(dialogues: tuple[Dialogue, ...]) -> None:
    """Other languages, one unknown speaker, very long ones, and words for five hundred chunks."""
    mono = [call for call in dialogues if {line.speaker for line in call.lines} == {"unknown"}]
    words = sum(len(line.text.split()) for call in dialogues for line in call.lines)

    assert len({call.language for call in dialogues}) >= 5
    assert len(mono) >= 3
    assert sum(len(call.lines) >= 200 for call in dialogues) >= 2
    assert words >= 30_000


def test_labels_have_the_words_of_insights() -> None:
    """What the gold calls a type, an outcome or a feeling is what an analysis calls it."""
    fields = Insights.model_fields

    assert get_args(labels.CallType) == get_args(fields["call_type"].annotation)
    assert get_args(labels.CallOutcome) == get_args(fields["call_outcome"].annotation)
    assert get_args(labels.Engagement) == get_args(fields["engagement_level"].annotation)
    assert get_args(labels.Mood) == get_args(Sentiment.model_fields["overall"].annotation)


def test_a_transcript_is_as_the_transcriber_keeps_it(tmp_path: Path) -> None:
    """Utterances are numbered in order of time, and none reaches into the next."""
    call = gold.dialogue(written(tmp_path, A_CALL)).transcript()

    assert call.id == "gold:a_call:1"
    assert [("u1", "agent", 0, 400, 2000), ("u2", "customer", 1, 2000, 3200)] == [
        (each.id, each.speaker, each.channel, each.start_ms, each.end_ms) for each in call.utterances
    ]
    assert call.duration_ms == 3200


@pytest.mark.parametrize(
    ("where", "value", "fault"),
    [
        ("lines.1.start", 0.4, "lines: u2 starts no later than the line before it"),
        ("lines.1.speaker", "boss", "lines.1.speaker: Input should be 'agent', 'customer' or 'unknown'"),
        ("lines.1.speaker", "unknown", "labels.sentiment.by_speaker: names other speakers than lines"),
        ("labels.entities.0.utterances", ["u3"], "labels.entities[0].utterances: not in this call: u3"),
        ("labels.entities.0.utterances", [], "labels.entities[0].utterances: not in this call: none"),
        ("labels.entities.0.utterances", ["u1"], "labels.entities[0].quote: not verbatim in u1"),
        ("labels.entities.0.quote", "friday", "labels.entities[0].quote: not verbatim in u2"),
        ("labels.entities.0.typo", "x", "labels.entities.0.typo: Extra inputs are not permitted"),
        ("labels.call_type", "chat", "labels.call_type: Input should be"),
        ("split", "half", "split: Input should be 'open' or 'held_out'"),
        ("name", "another", "name: is another, but the file is called a_call.yaml"),
    ],
)
def test_a_fault_names_its_file_and_field(tmp_path: Path, where: str, value: Any, fault: str) -> None:
    """Whoever writes a dialogue is told what is wrong with it, and where."""
    path = written(tmp_path, changed(where, value))

    with pytest.raises(WrongGoldError) as refused:
        gold.dialogue(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert fault in str(refused.value)


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    """Nobody has to guess which of fifty files does not parse."""
    path = tmp_path / "a_call.yaml"
    path.write_text("lines: [", "utf-8")

    with pytest.raises(WrongGoldError, match=r"a_call\.yaml: is not YAML"):
        gold.dialogue(path)


def test_a_lopsided_split_is_refused(tmp_path: Path) -> None:
    """Scores of the held-out half mean something only if it is a half."""
    for name in ("a_call", "b_call"):
        written(tmp_path, {**A_CALL, "name": name}, name)

    with pytest.raises(WrongGoldError, match="split: not half each"):
        gold.dialogues(tmp_path)


def test_there_are_questions_of_each_kind(queries: tuple[Query, ...]) -> None:
    """Sixty and more with an answer, half of them paraphrases, and some that no call answers."""
    kinds = Counter(query.kind for query in queries)

    assert kinds["words"] + kinds["paraphrase"] >= 60
    assert kinds["paraphrase"] >= kinds["words"] >= 30
    assert kinds["no_answer"] >= 6
    assert len({query.text for query in queries}) == len(queries)


def test_a_paraphrase_shares_no_content_word_with_its_answer(
    dialogues: tuple[Dialogue, ...], queries: tuple[Query, ...]
) -> None:
    """Only meaning finds it; a question in the answer's words shares one with each utterance."""
    said = {(call.name, each.id): each.text for call in dialogues for each in call.transcript().utterances}
    for query in queries:
        for answer in query.answers:
            for cite in answer.utterances:
                shared = content_words(query.text) & content_words(said[answer.dialogue, cite])
                assert bool(shared) == (query.kind == "words"), (query.text, shared)


def test_most_calls_are_asked_about(dialogues: tuple[Dialogue, ...], queries: tuple[Query, ...]) -> None:
    """Search is judged on all kinds of calls."""
    asked = {answer.dialogue for query in queries for answer in query.answers}

    assert len(asked) >= 0.75 * len(dialogues)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("late deliveries", "They deliver late.", {"late", "deliv"}),
        ("we couldn't pay", "they could be there", set()),
        ("testing the pump", "the pumps tested", {"pump", "test"}),
        ("who is it?", "It is who it is.", set()),
    ],
)
def test_words_are_the_same_whatever_their_ending(first: str, second: str, shared: set[str]) -> None:
    """Endings and stop words neither make nor hide a shared word."""
    assert shared == content_words(first) & content_words(second)


@pytest.mark.parametrize(
    ("answers", "kind", "fault"),
    [
        (
            [{"dialogue": "a_call", "utterances": ["u9"]}],
            "words",
            r"queries\[0\].answers: no such utterances in a_call",
        ),
        ([{"dialogue": "nowhere", "utterances": ["u1"]}], "words", "no such utterances in nowhere"),
        ([], "words", "empty for no_answer"),
        ([{"dialogue": "a_call", "utterances": ["u1"]}], "no_answer", "empty for no_answer"),
    ],
)
def test_an_answer_has_to_exist(tmp_path: Path, answers: list[Any], kind: str, fault: str) -> None:
    """A question that points nowhere would make every search look worse than it is."""
    call = gold.dialogue(written(tmp_path, A_CALL))
    path = written(
        tmp_path, {"queries": [{"text": "the offer", "kind": kind, "answers": answers}]}, "queries"
    )

    with pytest.raises(WrongGoldError, match=fault):
        gold.queries([call], path)
