"""Findings take exactly the shape a client asks for."""

from typing import Any

import pytest
from onebox.models.rules.filling import UnfillableError, filled


def object_of(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def test_only_what_is_asked_for_is_told() -> None:
    """A finding's other names are left out."""
    asked = object_of(pains={"type": "array", "items": object_of(text={"type": "string"})})

    assert {"pains": [{"text": "slow"}]} == filled({"pains": [{"text": "slow", "row": 3}], "more": 1}, asked)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"type": ["string", "null"]}, None),
        ({"enum": ["high", "unknown"]}, "unknown"),
    ],
)
def test_what_is_not_known_is_left_empty(kind: dict[str, Any], expected: Any) -> None:
    """The empty that claims nothing, if the schema has one."""
    assert {"risk": expected} == filled({}, object_of(risk=kind))


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "string"},
        {"type": "number"},
        {"enum": ["high", "low"]},
        {"type": "array", "minItems": 1},
        {"$ref": "#/$defs/nowhere"},
        {"type": "nonsense"},
    ],
)
def test_what_cannot_be_left_empty_is_refused(kind: dict[str, Any]) -> None:
    """No answer is invented to please a schema, and no broken schema is believed."""
    with pytest.raises(UnfillableError):
        filled({}, object_of(risk=kind))


def test_a_finding_outside_the_vocabulary_is_left_out() -> None:
    """An enum value the client does not know takes its finding with it, or becomes `other`."""
    strict = object_of(found={"type": "array", "items": object_of(type={"enum": ["price"]})})
    lenient = object_of(found={"type": "array", "items": object_of(type={"enum": ["price", "other"]})})
    findings = {"found": [{"type": "price"}, {"type": "trust"}]}

    assert {"found": [{"type": "price"}]} == filled(findings, strict)
    assert {"found": [{"type": "price"}, {"type": "other"}]} == filled(findings, lenient)


def test_references_are_followed() -> None:
    """Shapes named once, under $defs, are used where they are referred to."""
    schema = object_of(step={"$ref": "#/$defs/step"}) | {"$defs": {"step": object_of(due={"type": "string"})}}

    assert {"step": {"due": "Friday"}} == filled({"step": {"due": "Friday"}}, schema)
