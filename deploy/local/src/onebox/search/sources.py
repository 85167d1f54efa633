"""Which part of a document's source a hit carries."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from onebox.search.errors import only, unparsable

Selection = Callable[[dict[str, Any]], dict[str, Any] | None]


def selection(wanted: Any) -> Selection:
    """Read the `_source` of a request: true, false, names, or includes and excludes; `*` matches any."""
    if wanted is True or wanted is None:
        return lambda source: source
    if wanted is False:
        return lambda _: None
    if isinstance(wanted, str | list):
        return _chosen(_names(wanted), [])
    given = only(wanted, {"includes", "excludes", "include", "exclude"}, "_source")
    includes = _names(given.get("includes", given.get("include", [])))
    return _chosen(includes, _names(given.get("excludes", given.get("exclude", []))))


def _names(given: Any) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise unparsable("_source takes field names")
    return names


def _chosen(includes: list[str], excludes: list[str]) -> Selection:
    return lambda source: _part(source, "", includes, excludes)


def _part(node: dict[str, Any], prefix: str, includes: list[str], excludes: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in node.items():
        path = f"{prefix}{name}"
        if _any(path, excludes):
            continue
        inner = [] if _any(path, includes) else includes
        if isinstance(value, dict) and (not inner or _leads_to(path, inner)):
            kept[name] = _part(value, f"{path}.", inner, excludes)
        elif not inner:
            kept[name] = value
        elif isinstance(value, list) and _leads_to(path, inner):
            objects = [item for item in value if isinstance(item, dict)]
            kept[name] = [_part(item, f"{path}.", inner, excludes) for item in objects]
    return kept


def _any(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _leads_to(path: str, patterns: Iterable[str]) -> bool:
    return any(pattern.startswith(f"{path}.") for pattern in patterns)
