"""What may change about the API between two releases, and what may not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from onebox.api_compatibility import api_breaks

Document = dict[str, Any]

CALL: Document = {
    "type": "object",
    "required": ["call_id", "status"],
    "properties": {
        "call_id": {"type": "string"},
        "status": {"type": "string", "enum": ["uploaded", "completed"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}
QUESTION: Document = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "maxLength": 100}},
}
CALL_REF = "#/components/schemas/Call"
RELEASED: Document = {
    "paths": {
        "/calls": {
            "get": {
                "operationId": "list_calls",
                "parameters": [
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}},
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Call"}}}
                    },
                    "404": {"description": "No such call"},
                },
            },
            "post": {
                "operationId": "ask",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}}}
                },
                "responses": {"201": {"description": "Taken"}},
            },
        }
    },
    "components": {"schemas": {"Call": CALL, "Question": QUESTION}},
}


def changed(change: Callable[[Document], object]) -> Document:
    """The API after *change*."""
    document = copy.deepcopy(RELEASED)
    change(document)
    return document


def listing(document: Document) -> Document:
    found: Document = document["paths"]["/calls"]["get"]
    return found


def asking(document: Document) -> Document:
    found: Document = document["paths"]["/calls"]["post"]
    return found


def call(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Call"]
    return found


def question(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Question"]
    return found


HARMLESS: dict[str, Callable[[Document], object]] = {
    "a new path": lambda d: d["paths"].update({"/costs": {"get": {"operationId": "costs", "responses": {}}}}),
    "a new parameter": lambda d: listing(d)["parameters"].append(
        {"in": "query", "name": "status", "schema": {"type": "string"}}
    ),
    "a wider parameter": lambda d: listing(d)["parameters"][0]["schema"].update(maximum=500),
    "another refusal": lambda d: listing(d)["responses"].update({"403": {"description": "Not yours"}}),
    "one refusal less": lambda d: listing(d)["responses"].pop("404"),
    "more in an answer": lambda d: call(d)["properties"].update(agent={"type": "string"}),
    "fewer values in an answer": lambda d: call(d)["properties"]["status"].update(enum=["completed"]),
    "a longer question": lambda d: question(d)["properties"]["text"].update(maxLength=1000),
    "a wish in a question": lambda d: question(d)["properties"].update(language={"type": "string"}),
    "what was optional is always there": lambda d: call(d)["required"].append("note"),
}
BREAKING: dict[str, tuple[Callable[[Document], object], str]] = {
    "a path less": (lambda d: d["paths"]["/calls"].pop("get"), "GET /calls was removed"),
    "another name": (
        lambda d: listing(d).update(operationId="calls"),
        "GET /calls was called list_calls, and so it is by generated clients",
    ),
    "a parameter less": (lambda d: listing(d)["parameters"].clear(), "GET /calls query limit was removed"),
    "a parameter that must be": (
        lambda d: listing(d)["parameters"].append(
            {"in": "query", "name": "tenant", "required": True, "schema": {"type": "string"}}
        ),
        "GET /calls query tenant is required, and new",
    ),
    "a narrower parameter": (
        lambda d: listing(d)["parameters"][0]["schema"].update(maximum=50),
        "GET /calls query limit has a narrower maximum",
    ),
    "another status": (
        lambda d: asking(d)["responses"].update({"202": asking(d)["responses"].pop("201")}),
        "POST /calls no longer answers 201",
    ),
    "another media type": (
        lambda d: listing(d)["responses"]["200"].update(content={"text/csv": {}}),
        "GET /calls 200 can no longer be application/json",
    ),
    "a body that must be": (
        lambda d: asking(d)["requestBody"].update(required=True),
        "POST /calls now requires a body",
    ),
    "more that a body must hold": (
        lambda d: question(d)["required"].append("language"),
        "POST /calls body.language is now required",
    ),
    "less in an answer": (
        lambda d: (call(d)["properties"].pop("call_id"), call(d)["required"].remove("call_id")),
        "GET /calls 200.call_id is now required (by clients of the release)",
    ),
    "a value that no client knows": (
        lambda d: call(d)["properties"]["status"]["enum"].append("erased"),
        "GET /calls 200.status takes fewer values (by clients of the release)",
    ),
    "what was always there is optional": (
        lambda d: call(d)["required"].remove("status"),
        "GET /calls 200.status is now required (by clients of the release)",
    ),
    "another type in an answer": (
        lambda d: call(d)["properties"]["call_id"].update(type="integer"),
        "GET /calls 200.call_id is no longer of type integer (by clients of the release)",
    ),
}


def test_the_same_api_breaks_nobody() -> None:
    """No change, no break."""
    assert [] == api_breaks(RELEASED, RELEASED)


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_client_of_the_release_lives_with_more(change: Callable[[Document], object]) -> None:
    """Requests may hold more, answers may, too; refusals come and go."""
    assert [] == api_breaks(RELEASED, changed(change))


@pytest.mark.parametrize(("change", "said"), BREAKING.values(), ids=BREAKING)
def test_what_breaks_a_client_of_the_release_is_named(
    change: Callable[[Document], object], said: str
) -> None:
    """One line a break, and no other."""
    assert [said] == api_breaks(RELEASED, changed(change))
