"""Aggregation pipelines: each stage a function from documents to documents."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.expression import expression
from onebox.mongo.projection import projection
from onebox.mongo.query import is_operators, matcher, sorter
from onebox.mongo.values import MISSING, NUMBER_RANK, Document, Key, copied, order

Stage = Callable[[list[Document]], list[Document]]


def pipeline(stages: Iterable[Mapping[str, Any]]) -> Stage:
    """Compile a pipeline; raises Refused for a stage it does not know."""
    steps = [_stage(stage) for stage in stages]

    def run(documents: list[Document]) -> list[Document]:
        for step in steps:
            documents = step(documents)
        return documents

    return run


def _stage(given: Mapping[str, Any]) -> Stage:
    if len(given) != 1:
        raise Refused(
            "FailedToParse", "A pipeline stage specification object must contain exactly one field."
        )
    name, argument = next(iter(given.items()))
    if name not in _STAGES:
        raise not_offered(f"the aggregation stage {name}")
    return _STAGES[name](argument)


def _match(query: Any) -> Stage:
    test = matcher(query)
    return lambda documents: [document for document in documents if test(document)]


def _sort(keys: Mapping[str, Any]) -> Stage:
    steps = sorter(keys)

    def run(documents: list[Document]) -> list[Document]:
        for key, descending in steps:
            documents = sorted(documents, key=key, reverse=descending)
        return documents

    return run


def _count(name: str) -> Stage:
    return lambda documents: [{name: len(documents)}] if documents else []


def _add_fields(given: Mapping[str, Any]) -> Stage:
    if dotted := [name for name in given if "." in name or is_nested(given[name])]:
        raise not_offered(f"$addFields on the nested field {dotted[0]}")
    fields = {name: expression(value) for name, value in given.items()}

    def add(document: Document) -> Document:
        values = {name: value(document) for name, value in fields.items()}
        return {**document, **{name: value for name, value in values.items() if value is not MISSING}}

    return lambda documents: [add(document) for document in documents]


def is_nested(value: Any) -> bool:
    """Whether this is a document of expressions, which `$addFields` would merge and `$project` nest."""
    return isinstance(value, dict) and not is_operators(value)


def _unset(names: Any) -> Stage:
    without = projection(dict.fromkeys(names if isinstance(names, list) else [names], 0))
    return lambda documents: [without(document) for document in documents]


def _project(given: Mapping[str, Any]) -> Stage:
    flags = {name: value for name, value in given.items() if isinstance(value, bool | int | float)}
    computed = {name: value for name, value in given.items() if name not in flags}
    if not computed:
        select = projection(given)
        return lambda documents: [select(document) for document in documents]
    if nested := [name for name, value in computed.items() if "." in name or is_nested(value)]:
        raise not_offered(f"$project of the nested field {nested[0]}")
    if any(not flag for name, flag in flags.items() if name != "_id"):
        raise Refused("BadValue", "Cannot do exclusion in an inclusion projection")
    keep, add = _kept_fields(flags, computed), _add_fields(computed)
    return lambda documents: [
        {**keep(document), **{name: value for name, value in added.items() if name in computed}}
        for document, added in zip(documents, add(documents), strict=True)
    ]


def _kept_fields(flags: Mapping[str, Any], computed: Mapping[str, Any]) -> Callable[[Document], Document]:
    if not any(flags.values()) and "_id" in flags:
        return lambda _: {}
    wanted = {name: flag for name, flag in flags.items() if name not in computed}
    return projection(wanted or {"_id": 1})


def _replace_root(given: Mapping[str, Any]) -> Stage:
    root = expression(given["newRoot"])

    def replaced(document: Document) -> Document:
        value = root(document)
        if not isinstance(value, dict):
            raise Refused("BadValue", "'newRoot' expression must evaluate to an object")
        return value

    return lambda documents: [replaced(document) for document in documents]


def _unwind(given: Any) -> Stage:
    options = {"path": given} if isinstance(given, str) else given
    path, keep = options["path"], options.get("preserveNullAndEmptyArrays", False)
    if set(options) - {"path", "preserveNullAndEmptyArrays"}:
        raise not_offered(f"$unwind with {sorted(options)}")
    items, names = expression(path), path[1:].split(".")

    def unwound(document: Document) -> list[Document]:
        value = items(document)
        if isinstance(value, list) and value:
            return [_with(document, names, item) for item in value]
        if value is MISSING or value is None or value == []:
            return [_without(document, names) if value == [] else document] if keep else []
        return [document]

    return lambda documents: [each for document in documents for each in unwound(document)]


def _with(document: Document, names: list[str], value: Any) -> Document:
    if len(names) == 1:
        return {**document, names[0]: value}
    return {**document, names[0]: _with(document[names[0]], names[1:], value)}


def _without(document: Document, names: list[str]) -> Document:
    return projection({".".join(names): 0})(document)


def _facet(given: Mapping[str, Any]) -> Stage:
    branches = {name: pipeline(stages) for name, stages in given.items()}
    return lambda documents: [{name: branch(documents) for name, branch in branches.items()}]


def _group(given: Mapping[str, Any]) -> Stage:
    identity = expression(given["_id"])
    fields = {name: _accumulation(spec) for name, spec in given.items() if name != "_id"}

    def run(documents: list[Document]) -> list[Document]:
        groups: dict[Key, tuple[Any, list[Document]]] = {}
        for document in documents:
            value = identity(document)
            value = None if value is MISSING else value
            groups.setdefault(order(value), (value, []))[1].append(document)
        return [
            {"_id": value, **{name: result(members) for name, result in fields.items()}}
            for value, members in groups.values()
        ]

    return run


def _accumulation(spec: Mapping[str, Any]) -> Callable[[list[Document]], Any]:
    if len(spec) != 1 or (name := next(iter(spec))) not in _ACCUMULATORS:
        raise not_offered(f"the accumulator {sorted(spec)}")
    value, accumulate = expression({} if name == "$count" else spec[name]), _ACCUMULATORS[name]
    return lambda members: accumulate([value(member) for member in members])


def _numbers(values: list[Any]) -> list[Any]:
    return [value for value in values if order(value)[0] == NUMBER_RANK]


def _average(values: list[Any]) -> float | None:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else None


def _extreme(best: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    return lambda values: best((value for value in values if _is_value(value)), key=order, default=None)


def _is_value(value: Any) -> bool:
    return value is not MISSING and value is not None


def _present(value: Any) -> Any:
    return None if value is MISSING else value


def _distinct(values: list[Any]) -> list[Any]:
    return list({order(value): value for value in values if value is not MISSING}.values())


_ACCUMULATORS: dict[str, Callable[[list[Any]], Any]] = {
    "$sum": lambda values: sum(_numbers(values)),
    "$avg": _average,
    "$min": _extreme(min),
    "$max": _extreme(max),
    "$count": len,
    "$first": lambda values: _present(values[0]),
    "$last": lambda values: _present(values[-1]),
    "$push": lambda values: [copied(value) for value in values if value is not MISSING],
    "$addToSet": _distinct,
}

_STAGES: dict[str, Callable[[Any], Stage]] = {
    "$match": _match,
    "$sort": _sort,
    "$skip": lambda count: lambda documents: documents[count:],
    "$limit": lambda count: lambda documents: documents[:count],
    "$count": _count,
    "$addFields": _add_fields,
    "$set": _add_fields,
    "$unset": _unset,
    "$project": _project,
    "$replaceRoot": _replace_root,
    "$replaceWith": lambda root: _replace_root({"newRoot": root}),
    "$unwind": _unwind,
    "$facet": _facet,
    "$group": _group,
    "$sortByCount": lambda by: pipeline(
        [{"$group": {"_id": by, "count": {"$sum": 1}}}, {"$sort": {"count": -1}}]
    ),
}
