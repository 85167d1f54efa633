"""The API's own description, as clients are generated from it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from ingest.api import PARTS
from jsonschema import Draft202012Validator
from onebox.api_compatibility import api_breaks
from onebox.contracts import OPENAPI, RELEASED, ROOT
from openapi import undeclared

Document = dict[str, Any]


def names(route: Any) -> str:
    """As the description calls a route."""
    return str(route.operation_id or route.name)


API: Document = json.loads((ROOT / OPENAPI).read_text("utf-8"))
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in API["paths"].items()
    for method, operation in methods.items()
}
OPEN = {"GET /api/v1/health"}
PROMISED: Document = json.loads((ROOT / RELEASED).read_text("utf-8"))


def history(*asked: str) -> str:
    """What git knows; nothing where this is no checkout."""
    git = shutil.which("git")
    if git is None:
        return ""
    told = subprocess.run([git, "-C", ROOT, *asked], capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return told.stdout


def answers(operation: Document) -> Iterator[tuple[str, str, Document]]:
    """Status, media type and what is said of it."""
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            yield status, media_type, content


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_named_for_people(name: str) -> None:
    """A short name of its own, a sentence, a heading."""
    operation = OPERATIONS[name]
    assert operation["operationId"].isidentifier()
    assert "api_v1" not in operation["operationId"]
    assert operation["description"]
    assert operation["tags"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_a_summary_that_somebody_wrote(name: str) -> None:
    """Two words at least, and not the name of a function with capitals."""
    operation = OPERATIONS[name]
    (route,) = (
        each for part in PARTS for each in part.router.routes if names(each) == operation["operationId"]
    )
    assert len(operation["summary"].split()) > 1
    assert route.name.replace("_", " ").casefold() != operation["summary"].casefold()


def test_no_two_summaries_are_alike() -> None:
    """A list of them says which is which."""
    summaries = [operation["summary"] for operation in OPERATIONS.values()]
    assert sorted(set(summaries)) == sorted(summaries)


def test_every_header_that_is_told_of_is_of_an_answer() -> None:
    """None is declared in vain, and none is used that is not declared."""
    used = {
        header["$ref"].rpartition("/")[2]
        for operation in OPERATIONS.values()
        for answer in operation["responses"].values()
        for header in answer.get("headers", {}).values()
    }
    assert API["components"]["headers"].keys() == used


def test_a_header_that_is_not_declared_is_found() -> None:
    """What all tests of the door watch for."""
    sent = [("Content-Type", "application/json"), ("ETag", '"1"'), ("Vary", "Origin"), ("X-New", "1")]

    assert {"x-new"} == undeclared("GET", "/api/v1/calls/c-1", 200, sent)
    assert {"x-new", "etag"} == undeclared("GET", "/api/v1/me", 200, sent)
    assert set() == undeclared("GET", "/nowhere", 404, sent)


def test_no_two_operations_are_named_alike() -> None:
    """Generated clients have one function for each."""
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_is_a_problem(name: str) -> None:
    """RFC 9457, and nothing that FastAPI would say by itself."""
    refused = {(status, media_type) for status, media_type, _ in answers(OPERATIONS[name]) if status >= "400"}
    statuses = {status for status in OPERATIONS[name]["responses"] if status >= "400"}
    assert {(status, "application/problem+json") for status in statuses} == refused
    assert {"500", "503"} | (set() if name in OPEN else {"401", "403", "429"}) <= statuses


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - OPEN))
def test_an_answer_has_an_example_that_is_one(name: str) -> None:
    """Every JSON answer shows what it looks like, and the example fits its schema."""
    for status, media_type, content in answers(OPERATIONS[name]):
        if status < "400" and "json" in media_type:
            validator = Draft202012Validator({**content["schema"], "components": API["components"]})
            assert [] == [error.message for error in validator.iter_errors(content["example"])]


def test_clients_of_the_last_release_are_served() -> None:
    """What the release promised still holds."""
    assert [] == api_breaks(PROMISED, API)


def test_only_a_release_replaces_what_clients_know() -> None:
    """It is as it was when the changelog named its version: no break is hidden by copying it over."""
    heading = f"## {PROMISED['info']['version']} "
    assert heading in (ROOT / "CHANGELOG.md").read_text("utf-8")
    named = history("log", "--reverse", "--format=%H", f"-S{heading}", "--", "CHANGELOG.md").split()
    if not named:
        pytest.skip("the release is not in this checkout's history, so nothing is there to compare with")
    assert PROMISED == json.loads(history("show", f"{named[0]}:{RELEASED}"))
