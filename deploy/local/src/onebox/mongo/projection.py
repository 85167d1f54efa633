"""Projections: which fields of a document an answer carries."""

from collections.abc import Callable, Mapping
from typing import Any

from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.query import item_matcher
from onebox.mongo.values import MISSING, Document

Projection = Callable[[Document], Document]
_Tree = dict[str, Any]


def projection(wanted: Mapping[str, Any]) -> Projection:
    """Compile a projection; a mixture of inclusion and exclusion is refused, as MongoDB does."""
    flags = {name: _flag(name, value) for name, value in wanted.items() if not isinstance(value, dict)}
    operators = {name: value for name, value in wanted.items() if isinstance(value, dict)}
    kinds = {flag for name, flag in flags.items() if name != "_id"}
    if len(kinds) > 1:
        raise Refused("BadValue", "Cannot do exclusion and inclusion in one projection")
    including = True in kinds or (not kinds and (flags.get("_id") is True or _selects(operators)))
    return _inclusion(flags, operators) if including else _exclusion(flags, operators)


def _selects(operators: Mapping[str, Mapping[str, Any]]) -> bool:
    return any("$elemMatch" in operator for operator in operators.values())


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool | int | float):
        raise not_offered(f"the projection {name}: {type(value).__name__}")
    if name.endswith(".$") or name.startswith("$"):
        raise not_offered(f"the projection {name}")
    return bool(value)


def _inclusion(flags: Mapping[str, bool], operators: Mapping[str, Any]) -> Projection:
    names = [name for name, flag in flags.items() if flag] + list(operators)
    tree = _tree(
        [*([] if flags.get("_id") is False else ["_id"]), *(name for name in names if name != "_id")]
    )
    change = _operators(operators)
    return lambda document: change(_kept(document, tree), document)


def _exclusion(flags: Mapping[str, bool], operators: Mapping[str, Any]) -> Projection:
    tree = _tree([name for name, flag in flags.items() if not flag])
    change = _operators(operators)
    return lambda document: change(_without(document, tree), document)


def _tree(paths: list[str]) -> _Tree:
    tree: _Tree = {}
    for path in paths:
        *parents, last = path.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
            if branch is None:
                raise Refused("BadValue", f"Path collision at {path}")
        if last in branch:
            raise Refused("BadValue", f"Path collision at {path}")
        branch[last] = None
    return tree


def _kept(node: Document, tree: _Tree) -> Document:
    kept = {}
    for name, value in node.items():
        if name in tree and (item := _kept_value(value, tree[name])) is not MISSING:
            kept[name] = item
    return kept


def _kept_value(value: Any, tree: _Tree | None) -> Any:
    if tree is None:
        return value
    if isinstance(value, dict):
        return _kept(value, tree)
    if isinstance(value, list):
        items = [_kept_value(item, tree) for item in value]
        return [item for item in items if item is not MISSING]
    return MISSING


def _without(node: Document, tree: _Tree) -> Document:
    return {
        name: _without_value(value, tree[name]) if name in tree else value
        for name, value in node.items()
        if tree.get(name, tree) is not None
    }


def _without_value(value: Any, tree: _Tree) -> Any:
    if isinstance(value, dict):
        return _without(value, tree)
    if isinstance(value, list):
        return [_without_value(item, tree) for item in value]
    return value


def _operators(operators: Mapping[str, Any]) -> Callable[[Document, Document], Document]:
    changes = [(name, _operator(name, operator)) for name, operator in operators.items()]

    def change(projected: Document, document: Document) -> Document:
        for name, replace in changes:
            value = replace(document.get(name, MISSING))
            projected = {key: item for key, item in projected.items() if key != name}
            if value is not MISSING:
                projected[name] = value
        return projected

    return change


def _operator(name: str, operator: Mapping[str, Any]) -> Callable[[Any], Any]:
    if len(operator) != 1 or "." in name:
        raise not_offered(f"the projection {name}: {dict(operator)}")
    match next(iter(operator.items())):
        case ("$slice", int(count)):
            return _slice(0, count) if count >= 0 else _slice(count, -count)
        case ("$slice", [int(skip), int(count)]) if count > 0:
            return _slice(skip, count)
        case ("$elemMatch", wanted):
            return _first_item(wanted)
    raise not_offered(f"the projection {name}: {dict(operator)}")


def _slice(skip: int, count: int) -> Callable[[Any], Any]:
    def cut(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        start = max(len(value) + skip, 0) if skip < 0 else skip
        return value[start : start + count]

    return cut


def _first_item(wanted: Any) -> Callable[[Any], Any]:
    test = item_matcher(wanted)

    def first(value: Any) -> Any:
        if not isinstance(value, list):
            return MISSING
        return next(([item] for item in value if test(item)), MISSING)

    return first
