"""Findings poured into the JSON schema a client asks for, with honest empties, or a refusal."""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema

Schema = Mapping[str, Any]

_ABSENT = object()
_ADMISSIONS = ("unknown", "other")  # enum values that claim nothing
_KINDS = {dict: "object", list: "array", bool: "boolean", str: "string", float: "number", int: "integer"}
_OTHER_NAMES = {"outcome": "call_outcome", "questions": "questions_raised", "topics": "key_topics"}


class UnfillableError(ValueError):
    """The schema wants something the rules do not know and cannot leave empty."""


def filled(findings: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """An answer valid under *schema*; raise UnfillableError where there is none."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise UnfillableError(f"The schema itself is not valid: {error.message}") from error
    answer = _Filling(schema).fill(findings, schema, "answer")
    wrong = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(answer))
    if wrong is not None or not isinstance(answer, dict):
        where = ".".join(map(str, wrong.absolute_path)) if wrong else "answer"
        raise UnfillableError(f"The rules cannot satisfy the schema at '{where}'.")
    return answer


class _Filling:
    """One walk along a schema; the root is kept for its $refs."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def fill(self, value: Any, schema: Schema, name: str) -> Any:
        if not isinstance(schema, Mapping):
            raise UnfillableError(f"The schema says nothing of '{name}'.")
        schema = self._resolved(schema)
        if "anyOf" in schema:
            return self._fill_any(value, schema["anyOf"], name)
        kinds = _kinds(schema)
        if value is None or value is _ABSENT:
            return _empty(schema, kinds, name)
        if "enum" in schema or "const" in schema:
            return _chosen(value, schema, name)
        return self._fill_kind(value, schema, kinds, name)

    def _fill_kind(self, value: Any, schema: Schema, kinds: Sequence[str], name: str) -> Any:
        kind = _KINDS[type(value)]
        if not kinds:
            return value  # anything is welcome
        if kind not in kinds and not (kind == "integer" and "number" in kinds):
            raise UnfillableError(f"The rules know '{name}', but not in the form the schema wants.")
        if kind == "object":
            return self._object(value, schema, name)
        return self._array(value, schema.get("items", {}), name) if kind == "array" else value

    def _object(self, value: Mapping[str, Any], schema: Schema, name: str) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        found = {
            key: (value.get(key, value.get(_OTHER_NAMES.get(key, key), _ABSENT)), wanted)
            for key, wanted in schema.get("properties", {}).items()
        }
        return {
            key: self.fill(given, wanted, f"{name}.{key}")
            for key, (given, wanted) in found.items()
            if given is not _ABSENT or key in required
        }

    def _array(self, values: Sequence[Any], items: Schema, name: str) -> list[Any]:
        """The items that can be told in the schema's terms; the others are left out, as if not found."""
        told: list[Any] = []
        for value in values:
            try:
                told.append(self.fill(value, items, f"{name}[]"))
            except UnfillableError:
                continue
        return told

    def _fill_any(self, value: Any, options: Sequence[Schema], name: str) -> Any:
        failure: UnfillableError | None = None
        for option in sorted(options, key=lambda one: one.get("type") == "null" and value is not None):
            try:
                return self.fill(value, option, name)
            except UnfillableError as error:
                failure = error
        raise failure or UnfillableError(f"'{name}' has no alternative.")

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._referred(schema["$ref"])
        return schema

    def _referred(self, reference: str) -> Schema:
        found: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping):
            raise UnfillableError(f"The schema refers to '{reference}', which it does not hold.")
        return found


def _kinds(schema: Schema) -> tuple[str, ...]:
    given = schema.get("type", "object" if "properties" in schema else ())
    return (given,) if isinstance(given, str) else tuple(given)


def _empty(schema: Schema, kinds: Sequence[str], name: str) -> Any:
    if "null" in kinds:
        return None
    if "array" in kinds:
        return []
    for admission in _ADMISSIONS:
        if admission in schema.get("enum", ()):
            return admission
    raise UnfillableError(f"The rules cannot tell '{name}', and the schema does not let it be empty.")


def _chosen(value: Any, schema: Schema, name: str) -> Any:
    allowed = schema.get("enum", [schema.get("const")])
    for choice in (value, *_ADMISSIONS):
        if choice in allowed:
            return choice
    return _empty(schema, _kinds(schema), name)
