"""Requests for chat are understood whole, or refused."""

import json
from typing import Any

import pytest
from ingest.asking.shape import Statements
from onebox.models.chat import Assistant, understand
from onebox.models.errors import ApiError
from onebox.models.minilm import SentenceEncoder

CALL = "BEGIN TRANSCRIPT\n[u1 00:00 agent] The team plan is $1,200 a month.\nEND TRANSCRIPT"


def asking(content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


def in_schema(properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}


@pytest.mark.parametrize(
    "body",
    [
        asking("no transcript here"),
        asking([{"type": "image_url", "image_url": {"url": "x"}}]),
        asking(CALL, tools=[]),
        asking(CALL, stream="yes"),
        asking(CALL, stream=True, stream_options=[]),
        asking(CALL, n=2),
        asking(CALL, response_format={"type": "json_object"}),
        {"model": "m", "messages": []},
        {"messages": [{"role": "user", "content": CALL}]},
    ],
)
def test_what_is_not_understood_is_refused(body: dict[str, Any]) -> None:
    """Nothing is ignored in silence."""
    with pytest.raises(ApiError):
        understand(body)


def test_text_parts_are_text() -> None:
    """A message may come in parts."""
    asked = understand(asking([{"type": "text", "text": CALL}], max_completion_tokens=100))

    assert ["u1"] == [line.id for line in asked.lines]


def test_a_plain_question_is_answered_in_the_calls_words(encoder: SentenceEncoder) -> None:
    """The nearest sentence, from the model that says it is rules, with tokens counted."""
    body = Assistant(encoder).answer(understand(asking(f"{CALL}\nWhat does the team plan cost?")))

    assert "The team plan is $1,200 a month." == body["choices"][0]["message"]["content"]
    assert "local-rules" == body["model"]
    assert 0 < body["usage"]["completion_tokens"] < body["usage"]["prompt_tokens"]


def test_a_question_far_from_the_call_is_refused(encoder: SentenceEncoder) -> None:
    """Never a pretended answer."""
    with pytest.raises(ApiError, match="Nothing in the transcript"):
        Assistant(encoder).answer(understand(asking(f"{CALL}\nWhich bridge crosses the river in Paris?")))


def test_a_schema_that_cannot_be_satisfied_is_refused(encoder: SentenceEncoder) -> None:
    """The refusal names what the rules cannot tell."""
    shape = in_schema({"horoscope": {"type": "string"}})

    with pytest.raises(ApiError, match="horoscope"):
        Assistant(encoder).answer(understand(asking(CALL, response_format=shape)))


def test_an_answer_in_a_schema_carries_its_evidence(encoder: SentenceEncoder) -> None:
    """Questions about a call can be answered in a shape, too."""
    shape = in_schema({"answer": {"type": "string"}, "evidence": {"type": "array"}})

    asked = understand(asking(f"{CALL}\nWhat does the team plan cost?", response_format=shape))
    content = Assistant(encoder).answer(asked)["choices"][0]["message"]["content"]

    assert {
        "answer": "The team plan is $1,200 a month.",
        "evidence": [{"utterance_ids": ["u1"], "quote": "The team plan is $1,200 a month."}],
    } == json.loads(content)


EXCERPTS = (
    "BEGIN QUESTION 1f\n[question] {question}\nEND QUESTION 1f\nBEGIN EXCERPTS 1f\n"
    "[c1 u1 00:00 agent] The team plan is $1,200 a month. How does that sound?\n...\n"
    "[c1 u9 01:00 customer] We had rain all weekend.\n"
    "[c2 u3 00:20 agent] Your invoice is due on Friday.\nEND EXCERPTS 1f"
)


def answered(encoder: SentenceEncoder, question: str) -> Any:
    """What the rules say to a question about excerpts of two calls."""
    schema = {"type": "json_schema", "json_schema": {"schema": Statements.model_json_schema()}}
    asked = understand(asking(EXCERPTS.format(question=question), response_format=schema))
    return json.loads(Assistant(encoder).answer(asked)["choices"][0]["message"]["content"])


def test_a_question_about_excerpts_is_answered_by_the_nearest_sentence(encoder: SentenceEncoder) -> None:
    """Word for word, with its call's label and its utterance."""
    citation = {"call": "c1", "utterance_ids": ["u1"], "quote": "The team plan is $1,200 a month."}

    assert [{"text": citation["quote"], "citations": [citation]}] == answered(
        encoder, "What does the team plan cost a month?"
    )["sentences"]


def test_nothing_near_is_no_answer(encoder: SentenceEncoder) -> None:
    """An empty list, which is an answer in the shape that was asked for."""
    assert {"sentences": []} == answered(encoder, "Which bridge crosses the river in Paris?")
