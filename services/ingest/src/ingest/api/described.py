"""The API as OpenAPI describes it: FastAPI's reading of the code, with every refusal as the problem it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from ingest.api.headers import HEADERS, declare_headers
from ingest.problems import MEDIA_TYPE

Document = dict[str, Any]

PROBLEM: Final[Document] = {
    "title": "Problem",
    "description": "What went wrong and what helps (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status says it all"},
        "title": {"type": "string", "description": "The status in words"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The cause and the remedy"},
        "errors": {
            "type": "array",
            "description": "Which fields are wrong, and why",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "reason": {"type": "string", "description": "A stable code, where something does not answer"},
        "retry_after": {"type": "integer", "description": "Seconds after which to try again"},
    },
    "additionalProperties": True,
    "example": {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such call.",
    },
}
MISUNDERSTOOD: Final = "Some of the request cannot be understood; ``errors`` names the fields"
EVERYWHERE: Final = {
    "422": MISUNDERSTOOD,
    "431": "The head of the request, address included, is too large",
    "500": "A fault of ours, or something that whoever runs this has to mend",
    "503": "Something this needs does not answer; the same request may be tried again",
}
REFUSALS: Final = {
    "401": "Nobody is known by these credentials, or there are none",
    "403": "This principal's role does not allow this",
    "429": "Asked too often; ``Retry-After`` says when to try again",
}
OF_BODIES: Final = {
    "400": "The body cannot be read",
    "408": "The body comes too slowly",
    "413": "The body is too large",
    "415": "The body is compressed, which no route takes",
}
_GENERATED: Final = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI, parts: Iterable[APIRouter], *, public: frozenset[str]) -> None:
    """Let *app* of these *parts* describe itself so; the routes of *public* paths ask nobody who they are."""
    told = {route.operation_id or route.name: route.responses for route in _routes(parts)}
    read = app.openapi

    def openapi() -> Document:
        document = read()  # the same object until routes change
        return document if "Problem" in _schemas(document) else _described(document, told, public)

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI says to extend it


def _described(document: Document, told: Mapping[str, Any], public: frozenset[str]) -> Document:
    for path, operation in _operations(document):
        _restore(operation["responses"], told[operation["operationId"]])
        refusals = EVERYWHERE | ({} if path in public else REFUSALS)
        if "requestBody" in operation:
            refusals |= OF_BODIES
        operation["responses"] = _responses(operation["responses"], refusals)
        _restore_form(document, operation)
    declare_headers(operation for _, operation in _operations(document))
    document["components"]["headers"] = HEADERS
    schemas = _schemas(document)
    for name in _GENERATED:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM
    return document


def _schemas(document: Document) -> Document:
    schemas: Document = document.setdefault("components", {}).setdefault("schemas", {})
    return schemas


def _restore(responses: Document, told: Mapping[int | str, Any]) -> None:
    """FastAPI leaves each null out of its examples, and with it what an answer always holds."""
    for status, said in told.items():
        for media_type, content in said.get("content", {}).items():
            if "example" in content:
                responses[str(status)]["content"][media_type]["example"] = content["example"]


def _restore_form(document: Document, operation: Document) -> None:
    """A form's fields are texts or left out, never null; its file is bytes, and must be there."""
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    if form is None:
        return
    fields = _schemas(document)[form["schema"]["$ref"].rsplit("/", 1)[-1]]
    for field in fields["properties"].values():
        field["type"] = field.pop("anyOf")[0]["type"]
    fields["properties"]["file"]["format"] = "binary"  # what generators know a file by
    fields["required"] = ["file"]
    operation["requestBody"]["required"] = True


def _routes(parts: Iterable[APIRouter]) -> Iterator[APIRoute]:
    for part in parts:
        yield from (route for route in part.routes if isinstance(route, APIRoute))


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _responses(told: Document, refusals: Mapping[str, str]) -> Document:
    added = {status: {"description": text} for status, text in refusals.items() if status not in told}
    return {status: _as_problem(status, said) for status, said in sorted((told | added).items())}


def _as_problem(status: str, said: Document) -> Document:
    if status < "400":
        return said
    description = MISUNDERSTOOD if status == "422" else said["description"]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
