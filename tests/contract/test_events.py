"""Events as they are written down: schemas, goldens, and what may change about them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from common.events import EVENTS, Event
from contract.harness import CONTRACTS
from jsonschema import Draft202012Validator
from onebox.compatibility import Schema, breaks
from onebox.contracts import generated

TYPES: dict[str, type[Event]] = {event.model_fields["type"].default: event for event in EVENTS}
EXAMPLES = sorted(path for path in CONTRACTS.glob("*.json") if not path.name.endswith(".schema.json"))
OURS = [path for path in EXAMPLES if path.stem in TYPES]
"""Our events as we write them; other examples are what others send in their stead."""


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def committed(name: str) -> list[dict[str, Any]]:
    """The schema as the file says, and as the last commit does where there is one."""
    command = ["git", "show", f"HEAD:./{name}"]
    last = subprocess.run(command, cwd=CONTRACTS, capture_output=True, check=False)  # noqa: S603 - our own words
    return [read(CONTRACTS / name), *([json.loads(last.stdout)] if last.returncode == 0 else [])]


@pytest.mark.parametrize("type_", TYPES)
def test_every_event_has_a_golden(type_: str) -> None:
    """Each type that is spoken here has an example both neighbours test against."""
    assert type_ == read(CONTRACTS / f"{type_}.json")["type"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_golden_survives_the_trip(path: Path) -> None:
    """Read and written again, a golden says the same; nothing of it is lost or changed."""
    example = read(path)

    event = TYPES[example["type"]].model_validate(example)

    assert event.model_dump(mode="json", exclude_unset=True) == example


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_golden_fits_the_committed_schema(path: Path) -> None:
    """A consumer in another language can rely on the schema file alone."""
    example = read(path)
    schema = read(CONTRACTS / f"{example['type']}.schema.json")

    assert [] == [error.message for error in Draft202012Validator(schema).iter_errors(example)]


@pytest.mark.parametrize("type_", TYPES)
def test_the_committed_schema_is_what_the_code_says(type_: str) -> None:
    """``make contracts`` was run."""
    assert TYPES[type_].model_json_schema() == read(CONTRACTS / f"{type_}.schema.json")


@pytest.mark.parametrize("type_", TYPES)
def test_a_living_version_is_never_broken(type_: str) -> None:
    """Within a version fields are only added, and optional; writing the schema anew does not hide a break."""
    current = TYPES[type_].model_json_schema()

    assert [] == [said for known in committed(f"{type_}.schema.json") for said in breaks(known, current)]


@pytest.mark.parametrize("name", ["ingest", "transcriber", "analyzer", "embedder"])
def test_the_committed_asyncapi_is_what_the_code_says(name: str) -> None:
    """``make contracts`` was run: what a service takes and announces is written down."""
    everything = generated()
    path = next(path for path in everything if path.match(f"services/{name}/asyncapi.json"))

    assert everything[path] == path.read_text("utf-8")


def event(**changes: Any) -> Schema:
    """A small schema, changed."""
    properties = {
        "id": {"type": "string", "maxLength": 64, "pattern": "^c"},
        "count": {"type": "integer", "minimum": 0},
        "mood": {"enum": ["good", "bad"], "type": "string"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "work": {"$ref": "#/$defs/Work"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
    return {
        "type": "object",
        "properties": properties | changes.get("properties", {}),
        "required": changes.get("required", ["id"]),
        "$defs": {
            "Work": {"type": "object", "properties": {"cost": {"type": "number"}} | changes.get("work", {})}
        },
    }


def without(name: str) -> Schema:
    """The small schema without one property."""
    whole = event()
    return {**whole, "properties": {key: value for key, value in whole["properties"].items() if key != name}}


COMPATIBLE = {
    "nothing": event(),
    "an optional field": event(properties={"extra": {"type": "string"}}),
    "no longer required": event(required=[]),
    "more values": event(properties={"mood": {"enum": ["good", "bad", "mixed"], "type": "string"}}),
    "a wider type": event(properties={"count": {"type": "number", "minimum": 0}}),
    "a wider bound": event(properties={"id": {"type": "string", "maxLength": 128, "pattern": "^c"}}),
    "null as well": event(
        properties={"count": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}}
    ),
}
BREAKING = {
    "removed": (without("note"), "event.note was removed or renamed"),
    "newly required": (event(required=["id", "count"]), "event.count is now required"),
    "another type": (
        event(properties={"count": {"type": "string"}}),
        "event.count is no longer of type integer",
    ),
    "fewer values": (
        event(properties={"mood": {"enum": ["good"], "type": "string"}}),
        "event.mood takes fewer values",
    ),
    "values listed": (
        event(properties={"id": {"type": "string", "maxLength": 64, "pattern": "^c", "enum": ["c"]}}),
        "event.id takes fewer values",
    ),
    "not null": (event(properties={"note": {"type": "string"}}), "event.note no longer allows null"),
    "a shorter text": (
        event(properties={"id": {"type": "string", "maxLength": 32, "pattern": "^c"}}),
        "event.id has a narrower maxLength",
    ),
    "a higher floor": (
        event(properties={"count": {"type": "integer", "minimum": 1}}),
        "event.count has a narrower minimum",
    ),
    "a new bound": (
        event(properties={"tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3}}),
        "event.tags has a narrower maxItems",
    ),
    "another pattern": (
        event(properties={"id": {"type": "string", "maxLength": 64, "pattern": "^d"}}),
        "event.id has another pattern",
    ),
    "inside a reference": (
        event(work={"cost": {"type": "string"}}),
        "event.work.cost is no longer of type number",
    ),
    "inside a list": (
        event(properties={"tags": {"type": "array", "items": {"type": "integer"}}}),
        "event.tags[] is no longer of type string",
    ),
}


@pytest.mark.parametrize("current", COMPATIBLE.values(), ids=COMPATIBLE.keys())
def test_an_additive_change_breaks_nobody(current: Schema) -> None:
    """What old and new both understand is no break."""
    assert [] == breaks(event(), current)


@pytest.mark.parametrize(("current", "said"), BREAKING.values(), ids=BREAKING.keys())
def test_a_break_is_named(current: Schema, said: str) -> None:
    """What somebody could not read any more is named with its place."""
    assert said in breaks(event(), current)
