"""Mappings: which fields an index has, and what it reads out of a document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onebox.search.errors import Refused, illegal, not_offered, only
from onebox.search.values import Value, parsed

SPACES = ("cosinesimil", "l2", "innerproduct")
ENGINES = ("lucene", "faiss", "nmslib")
_COMMON = {"type", "index", "store", "doc_values", "fields"}
_OPTIONS: dict[str, set[str]] = {
    "text": _COMMON | {"analyzer", "norms", "index_options"},
    "keyword": _COMMON | {"ignore_above"},
    "date": _COMMON | {"format"},
    "boolean": _COMMON,
    **dict.fromkeys(
        ("integer", "long", "short", "byte", "float", "double", "half_float"), _COMMON | {"coerce"}
    ),
    "knn_vector": {"type", "dimension", "method", "space_type", "mode", "data_type", "store", "index"},
}
_DATE_FORMATS = {"strict_date_optional_time", "date_optional_time", "epoch_millis", "strict_date_time"}
_PREVIEW = 40  # characters of a value quoted in an error


@dataclass(frozen=True, slots=True)
class Field:
    """One searchable field; `source` is where in the document its values stand."""

    path: str
    source: str
    kind: str
    options: Mapping[str, Any]

    @property
    def dimension(self) -> int:
        """The length of its vectors."""
        return int(self.options["dimension"])

    @property
    def space(self) -> str:
        """How its vectors are compared."""
        method = self.options.get("method", {})
        return str(method.get("space_type") or self.options.get("space_type") or "l2")

    @property
    def analyzer(self) -> str:
        """How its text is cut into terms."""
        return str(self.options.get("analyzer", "standard"))

    @property
    def searchable(self) -> bool:
        """Whether queries may name it."""
        return self.options.get("index", True) is not False


class Mappings:
    """`body` is the mapping as clients see it; `fields` is what it amounts to, by dotted path."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body: dict[str, Any] = {
            "properties": {},
            **only(body, {"dynamic", "properties", "_source", "_meta", "_routing"}, "mapping"),
        }
        if self.body.get("_source", {"enabled": True}) != {"enabled": True}:
            raise not_offered("a mapping without the whole _source")
        self.routed = bool(only(self.body.get("_routing", {}), {"required"}, "_routing").get("required"))
        self.dynamic = str(self.body.get("dynamic", "true")).lower()
        if self.dynamic not in {"true", "false", "strict"}:
            raise not_offered(f"dynamic: {self.dynamic}")
        self.fields: dict[str, Field] = {field.path: field for field in _fields(self.body["properties"], "")}
        self.ignored = set(_ignored(self.body["properties"], ""))

    def extended(self, properties: Mapping[str, Any]) -> "Mappings":
        """Return the mapping with more fields; a field never changes its type."""
        merged = Mappings({**self.body, "properties": _merged(self.body["properties"], properties)})
        for path, field in self.fields.items():
            if merged.fields[path].kind != field.kind:
                now = merged.fields[path].kind
                raise illegal(f"mapper [{path}] cannot be changed from type [{field.kind}] to [{now}]")
        return merged

    def read(self, source: Mapping[str, Any], document: str) -> dict[str, list[Any]]:
        """Return the values of each field; raises Refused for what the mapping does not allow."""
        values: dict[str, list[Any]] = {}
        by_source = list(self.fields.values())
        leaves = dict(_leaves(source, "", self))
        for field in by_source:
            if field.source in leaves:
                values[field.path] = _read(field, leaves[field.source], document)
        return values

    def missing(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that a dynamic mapping would take over from this document."""
        known = {field.source for field in self.fields.values()}
        added: dict[str, Any] = {}
        for path, value in _leaves(source, "", self):
            guess = _guessed(value)
            if path in known or guess is None:
                continue
            if self.dynamic == "strict":
                raise _strict(path)
            if self.dynamic == "true":
                _nest(added, path.split("."), guess)
        return added


def _fields(properties: Mapping[str, Any], prefix: str) -> Iterator[Field]:
    for name, options in properties.items():
        path = f"{prefix}{name}"
        if options.get("type", "object") == "object":
            only(options, {"type", "properties", "dynamic", "enabled"}, f"object field {path}")
            yield from _fields(options.get("properties", {}), f"{path}.")
            continue
        yield _checked(Field(path, path, options["type"], options))
        for sub, sub_options in options.get("fields", {}).items():
            yield _checked(Field(f"{path}.{sub}", path, sub_options["type"], sub_options))


def _ignored(properties: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the objects that are kept but not looked into."""
    for name, options in properties.items():
        if options.get("enabled") is False:
            yield f"{prefix}{name}"
        yield from _ignored(options.get("properties", {}), f"{prefix}{name}.")


def _checked(field: Field) -> Field:
    known = _OPTIONS.get(field.kind)
    if known is None:
        raise _parse_failure(f"No handler for type [{field.kind}] declared on field [{field.path}]")
    if unknown := sorted(set(field.options) - known):
        raise _parse_failure(
            f"unknown parameter [{unknown[0]}] on mapper [{field.path}] of type [{field.kind}]"
        )
    if set(field.options.get("format", "epoch_millis").split("||")) - _DATE_FORMATS:
        raise not_offered(f"the date format [{field.options['format']}]")
    if field.kind == "knn_vector":
        _check_vector(field)
    return field


def _check_vector(field: Field) -> None:
    if "dimension" not in field.options:
        raise _parse_failure(f"Dimension value missing for vector: {field.path}")
    method = only(field.options.get("method", {}), {"name", "engine", "space_type", "parameters"}, "method")
    if method.get("name", "hnsw") not in {"hnsw", "flat"} or method.get("engine", "faiss") not in ENGINES:
        raise not_offered(f"the knn method {dict(method)}")
    if field.space not in SPACES:
        raise not_offered(f"the space type [{field.space}]; it has {', '.join(SPACES)}")
    if field.options.get("data_type", "float") != "float":
        raise not_offered(f"vectors of {field.options['data_type']}")


def _parse_failure(reason: str) -> Refused:
    cause = {"type": "mapper_parsing_exception", "reason": reason}
    return Refused(
        400, "mapper_parsing_exception", f"Failed to parse mapping [_doc]: {reason}", caused_by=cause
    )


def _strict(path: str) -> Refused:
    parent, _, name = path.rpartition(".")
    reason = (
        f"mapping set to strict, dynamic introduction of [{name}] within [{parent or '_doc'}] is not allowed"
    )
    return Refused(400, "strict_dynamic_mapping_exception", reason)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, options in new.items():
        before = merged.get(name, {})
        inner = _merged(before.get("properties", {}), options.get("properties", {}))
        merged[name] = {**before, **options, **({"properties": inner} if inner else {})}
    return merged


def _leaves(node: Mapping[str, Any], prefix: str, mappings: Mappings) -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, value); objects in an array count as values of the same paths."""
    gathered: dict[str, Any] = {}
    for name, value in node.items():
        path = f"{prefix}{name}"
        if path in mappings.ignored:
            continue
        objects = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
        for item in objects:
            for leaf, inner in _leaves(item, f"{path}.", mappings):
                gathered[leaf] = [*_as_list(gathered[leaf]), *_as_list(inner)] if leaf in gathered else inner
        if not objects:
            gathered[path] = value
    yield from gathered.items()


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read(field: Field, value: Any, document: str) -> list[Any]:
    try:
        if field.kind == "knn_vector":
            return [] if value is None else [_vector(field, value)]
        values = [parsed(field.kind, item) for item in _as_list(value) if item is not None]
    except Refused as error:
        where = f"field [{field.path}] of type [{field.kind}] in document with id '{document}'"
        reason = f"failed to parse {where}. Preview of field's value: '{str(value)[:_PREVIEW]}'"
        raise Refused(400, "mapper_parsing_exception", reason, caused_by=error.cause) from error
    limit = field.options.get("ignore_above")
    return [item for item in values if limit is None or len(str(item)) <= limit]


def _vector(field: Field, value: Any) -> list[float]:
    if not isinstance(value, list) or not all(type(item) in {int, float} for item in value):
        raise illegal("a vector must be an array of numbers")
    if len(value) != field.dimension:
        raise illegal(f"Vector dimension mismatch. Expected: {field.dimension}, Given: {len(value)}")
    if field.space == "cosinesimil" and not any(value):
        raise illegal("zero vector is not supported when space type is [cosinesimil]")
    return [float(item) for item in value]


def _guessed(value: Any) -> dict[str, Any] | None:
    """What dynamic mapping makes of a value; nothing of null and empty arrays."""
    sample: Value | None = next((item for item in _as_list(value) if item is not None), None)
    if isinstance(sample, bool):
        return {"type": "boolean"}
    if isinstance(sample, int):
        return {"type": "long"}
    if isinstance(sample, float):
        return {"type": "float"}
    if isinstance(sample, str):
        return {"type": "date"} if _is_date(sample) else _TEXT_AND_KEYWORD
    return None


_TEXT_AND_KEYWORD = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}


def _is_date(text: str) -> bool:
    try:
        parsed("date", text)
    except Refused:
        return False
    return "-" in text


def _nest(properties: dict[str, Any], path: list[str], leaf: Mapping[str, Any]) -> None:
    for name in path[:-1]:
        properties = properties.setdefault(name, {"properties": {}})["properties"]
    properties[path[-1]] = dict(leaf)
