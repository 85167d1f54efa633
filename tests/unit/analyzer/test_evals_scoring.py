"""Scores tell what was found, missed and invented, whatever order it comes in."""

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from analyzer import checking
from analyzer.analysis import Asked
from common.model import Evidence, Insights
from evals import gold
from evals.figures import figures, kappa, recall, total
from evals.gold import Dialogue
from evals.kept import Taken
from evals.labels import KINDS
from evals.results import Row, digest
from evals.scoring import Counts, Score, score
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("pricing_review", "wrong_number", "village_hall_deed", "caisse_panne_fr")
TRENDS = {"rising": "improving", "falling": "declining", "flat": "stable"}


@pytest.fixture(scope="module")
def dialogues() -> dict[str, Dialogue]:
    """Some of the open half."""
    return {name: gold.dialogue(gold.DIALOGUES / f"{name}.yaml") for name in NAMES}


def perfect(dialogue: Dialogue, *, optional: bool = True) -> dict[str, Any]:
    """The labels, as a model would answer them."""
    labels, mood = dialogue.labels, dialogue.labels.sentiment
    found = {
        kind: [
            label.model_dump(exclude={"required", "aliases"})
            for label in labels.of(kind)
            if label.required or optional
        ]
        for kind in KINDS
    }
    return {
        "summary": "A call.",
        "language": dialogue.language,
        "call_type": labels.call_type,
        "call_outcome": labels.call_outcome,
        "engagement_level": labels.engagement_level,
        "sentiment": {
            "overall": mood.overall,
            "score": 0.0,
            "confidence": 1.0,
            "reasoning": "Read.",
            "by_speaker": [
                {"speaker": who, "label": label, "score": 0.0} for who, label in mood.by_speaker.items()
            ],
            "by_quarter": [
                {"quarter": n, "label": label, "score": 0.0}
                for n, label in enumerate(mood.by_quarter, start=1)
            ],
            "trend": TRENDS[mood.trend],
            "utterances": [],
        },
        "scorecard": [],
        "categories": [],
        **found,
    }


def checked(dialogue: Dialogue, answer: dict[str, Any]) -> Insights[Evidence]:
    """The answer after the product's own checks."""
    return checking.checked(Asked.model_validate(answer), dialogue.transcript())


def labelled(dialogue: Dialogue) -> Insights[Evidence]:
    """The labels as an analysis in which every quote was found: what is scored is the scorer."""
    spoken = {one.id: one for one in dialogue.transcript().utterances}
    answer = perfect(dialogue)
    for kind in KINDS:
        for finding in answer[kind]:
            finding["evidence"] = [_found(piece, spoken) for piece in finding["evidence"]]
    return Insights[Evidence].model_validate(answer)


def _found(piece: dict[str, Any], spoken: dict[str, Any]) -> dict[str, Any]:
    said = next(spoken[cite] for cite in piece["utterance_ids"] if piece["quote"] in spoken[cite].text)
    times = {"speaker": said.speaker, "start_ms": said.start_ms, "end_ms": said.end_ms}
    return {"utterance_ids": [said.id], "quote": piece["quote"], "verified": True, **times}


def row(dialogue: Dialogue, reached: Score, failed: str | None = None) -> Row:
    """A row of a result."""
    return Row(
        dialogue=dialogue.name,
        split=dialogue.split,
        digest=digest(dialogue),
        failed=failed,
        score=reached,
        taken=Taken(),
    )


def counts(reached: Score) -> Counts:
    """All kinds together."""
    return sum(reached.kinds.values(), Counts())


@pytest.mark.parametrize("name", NAMES)
def test_the_labels_themselves_score_everything(dialogues: dict[str, Dialogue], name: str) -> None:
    """Nothing is missed, nothing wrong, every attribute and verdict right, every quote verbatim."""
    dialogue = dialogues[name]

    reached = score(dialogue, labelled(dialogue))

    all_counts = counts(reached)
    wanted = sum(label.required for kind in KINDS for label in dialogue.labels.of(kind))
    assert (wanted, 0, 0, 0) == (all_counts.found, all_counts.missed, all_counts.wrong, all_counts.unverified)
    verdicts = [pair for pairs in reached.verdicts.values() for pair in pairs]
    assert [] == [pair for pair in verdicts if pair[0] != pair[1]]
    assert reached.quotes.given == reached.quotes.shown == reached.quotes.verbatim


def test_the_labels_pass_the_products_checks(dialogues: dict[str, Dialogue]) -> None:
    """What a careful analyst found is shown: at most a small share of it falls to the checks."""
    reached = [row(one, score(one, checked(one, perfect(one)))) for one in dialogues.values()]

    share = recall(total(reached, KINDS))
    assert share is not None
    assert share >= 0.9


def test_silence_finds_nothing_and_invents_nothing(dialogues: dict[str, Dialogue]) -> None:
    """Recall is 0, precision was not measured; where nothing had to be found, nothing is missed."""
    silent = [row(one, score(one, None), failed="answer_too_long") for one in dialogues.values()]

    reached = figures(silent)

    assert (0.0, None, None, 1.0) == (
        reached["recall"], reached["precision"], reached["quote_validity"], reached["failures"],
    )  # fmt: skip
    assert (0.0, 0.0) == (reached["sentiment"], reached["call_type"])


@pytest.fixture(scope="module")
def answers(dialogues: dict[str, Dialogue]) -> dict[str, Insights[Evidence]]:
    """The labels of each dialogue, as its analysis."""
    return {name: labelled(dialogue) for name, dialogue in dialogues.items()}


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32))
def test_order_is_irrelevant(
    dialogues: dict[str, Dialogue], answers: dict[str, Insights[Evidence]], name: str, seed: int
) -> None:
    """A shuffled answer scores as it did."""
    chance = Random(seed)
    shuffled = {kind: chance.sample(found := getattr(answers[name], kind), len(found)) for kind in KINDS}

    again = score(dialogues[name], answers[name].model_copy(update=shuffled))

    assert score(dialogues[name], answers[name]) == again


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32))
def test_what_is_left_out_is_missed_and_no_more(
    dialogues: dict[str, Dialogue], answers: dict[str, Insights[Evidence]], name: str, seed: int
) -> None:
    """Found and missed add up to what is required; leaving out makes nothing wrong."""
    chance, answer = Random(seed), answers[name]
    thinned = {kind: tuple(one for one in getattr(answer, kind) if chance.random() < 0.5) for kind in KINDS}

    reached = counts(score(dialogues[name], answer.model_copy(update=thinned)))

    assert counts(score(dialogues[name], answer)).found == reached.found + reached.missed
    assert 0 == reached.wrong


def test_a_finding_said_twice_is_wrong_once(dialogues: dict[str, Dialogue]) -> None:
    """Each label counts once; a model that repeats itself gains nothing."""
    dialogue = dialogues["pricing_review"]
    answer = labelled(dialogue)

    twice = score(dialogue, answer.model_copy(update={"objections": answer.objections * 2}))

    assert len(answer.objections) == twice.kinds["objections"].wrong


def test_what_is_not_verified_is_not_shown_and_does_not_count(dialogues: dict[str, Dialogue]) -> None:
    """An invented quote is neither found nor wrong: nobody sees it. It is counted for what it is."""
    dialogue = dialogues["pricing_review"]
    answer = perfect(dialogue)
    for finding in answer["objections"]:
        finding["evidence"][0]["quote"] = "nobody in this call said any of these words"

    reached = score(dialogue, checked(dialogue, answer))

    objections = reached.kinds["objections"]
    assert (0, 0, len(answer["objections"])) == (objections.found, objections.wrong, objections.unverified)


def test_a_shown_quote_that_nobody_said_is_seen(dialogues: dict[str, Dialogue]) -> None:
    """The scorer looks for itself, and does not believe a check that let it through."""
    dialogue = dialogues["pricing_review"]
    answer = labelled(dialogue)
    [piece, *_] = answer.objections[0].evidence
    forged = answer.objections[0].model_copy(
        update={"evidence": (piece.model_copy(update={"quote": "I adore it"}),)}
    )

    quotes = score(
        dialogue, answer.model_copy(update={"objections": (forged, *answer.objections[1:])})
    ).quotes

    assert quotes.shown - 1 == quotes.verbatim


def test_an_entity_of_another_name_is_another_entity(dialogues: dict[str, Dialogue]) -> None:
    """Several are named in one utterance, so that resting on it is not enough."""
    dialogue = dialogues["village_hall_deed"]
    answer = labelled(dialogue)
    renamed = tuple(
        one.model_copy(update={"text": "Zzyzx", "normalized": "Zzyzx"}) for one in answer.entities
    )

    reached = score(dialogue, answer.model_copy(update={"entities": renamed})).kinds["entities"]

    assert (0, len(renamed)) == (reached.found, reached.wrong)


@pytest.mark.parametrize(
    ("given_pairs", "agreed"),
    [
        ([], None),
        ([("a", "a"), ("b", "b")], 1.0),
        ([("a", "a"), ("a", "a")], 1.0),
        ([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], 0.0),
        ([("a", "b"), ("b", "a")], -1.0),
    ],
    ids=["nothing", "always", "always the same", "by chance", "never"],
)
def test_kappa_is_agreement_beyond_chance(given_pairs: list[tuple[str, str]], agreed: float | None) -> None:
    """From -1 over 0, which is chance, to 1."""
    assert agreed == kappa(given_pairs)


def test_figures_add_up_over_dialogues(dialogues: dict[str, Dialogue]) -> None:
    """Half of the calls answered perfectly, half not at all: shares in between, failures a half."""
    known: Iterable[Dialogue] = dialogues.values()
    rows = [
        row(one, score(one, labelled(one) if n % 2 else None), None if n % 2 else "provider_answer")
        for n, one in enumerate(known)
    ]

    reached = figures(rows)

    assert (4, 0.5, 1.0, 0.5) == (
        reached["calls"], reached["failures"], reached["precision"], reached["call_type"],
    )  # fmt: skip
    assert reached["recall"] is not None
    assert 0.0 < reached["recall"] < 1.0
