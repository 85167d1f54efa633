"""All that the server holds: indices, aliases and search pipelines, by name."""

import re
import secrets
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from onebox.search.analyzers import flavours
from onebox.search.errors import Refused, illegal, no_alias, no_such_index, not_offered, only
from onebox.search.hybrid import Pipeline, pipeline
from onebox.search.index import Index, refuse_unknown_analyzers
from onebox.search.mapping import Mappings
from onebox.search.store import Store

_BAD_NAME = re.compile(r'[A-Z\\/*?"<>| ,#:]')
_SETTINGS = {
    *("knn", "number_of_shards", "number_of_replicas", "refresh_interval", "search.default_pipeline"),
    *("knn.algo_param.ef_search", "max_result_window", "auto_expand_replicas"),
}


class Cluster:
    """Reads itself back from the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._indices: dict[str, Index] = {}
        for number, name, body in store.indices():
            index = Index(number, name, body["settings"], store)
            index.map(Mappings(body["mappings"]))
            index.load()
            self._indices[name] = index

    @property
    def indices(self) -> Mapping[str, Index]:
        """All indices by name."""
        return self._indices

    def create(self, name: str, body: Any) -> Index:
        """Make an index."""
        only(body, {"settings", "mappings", "aliases"}, "create index")
        _refuse_name(name)
        if name in self._indices or any(alias == name for alias, _ in self.store.aliases()):
            reason = f"index [{name}] already exists"
            raise Refused(400, "resource_already_exists_exception", reason, index=name)
        mappings = Mappings(body.get("mappings", {}))
        settings = _settings(body.get("settings", {}))
        refuse_unknown_analyzers(mappings, flavours(settings.get("analysis", {})))
        if any(field.kind == "knn_vector" for field in mappings.fields.values()) and not settings.get("knn"):
            raise not_offered("knn_vector fields in an index without the setting index.knn: true")
        number = self.store.put_index(name, {"settings": settings, "mappings": mappings.body})
        index = self._indices[name] = Index(number, name, settings, self.store)
        index.map(mappings)
        for alias in body.get("aliases", {}):
            self.add_alias(name, alias)
        return index

    def delete(self, expression: str) -> None:
        """Drop indices by name or pattern, not by alias."""
        names = [name for name in self._named(expression) if name in self._indices]
        if not names and "*" not in expression:
            raise no_such_index(expression)
        for name in names:
            self._indices.pop(name).drop()

    def find(self, name: str) -> Index | None:
        """Return the index of this name, or the one behind this alias."""
        if name in self._indices:
            return self._indices[name]
        behind = [index for alias, index in self.store.aliases() if alias == name]
        if len(behind) > 1:
            raise not_offered(f"requests on an alias of several indices [{name}]")
        return self._indices[behind[0]] if behind else None

    def one(self, name: str) -> Index:
        """Return the index, or refuse."""
        if "*" in name or "," in name:
            raise not_offered(f"a search over several indices [{name}]")
        index = self.find(name)
        if index is None:
            raise no_such_index(name)
        return index

    def written(self, name: str, *, alias_only: bool = False) -> Index:
        """Return the index to write to, made with a dynamic mapping if there is none and none is demanded."""
        if alias_only and (name in self._indices or self.find(name) is None):
            raise no_alias(name)
        return self.find(name) or self.create(name, {})

    def add_alias(self, name: str, alias: str) -> None:
        """Give an index another name."""
        if name not in self._indices:
            raise no_such_index(name)
        if alias in self._indices:
            raise Refused(400, "invalid_alias_name_exception", f"an index exists with the name [{alias}]")
        _refuse_name(alias)
        self.store.put_alias(alias, name)

    def remove_alias(self, name: str, alias: str) -> None:
        """Take an alias away."""
        if (alias, name) not in self.store.aliases():
            raise Refused(404, "aliases_not_found_exception", f"aliases [{alias}] missing")
        self.store.remove_alias(alias, name)

    def aliases(self, name: str) -> list[str]:
        """Return the aliases of an index."""
        return [alias for alias, index in self.store.aliases() if index == name]

    def matching(self, expression: str) -> Iterator[Index]:
        """Yield the indices that names, aliases and patterns mean; an unknown name is refused."""
        for name in self._named(expression):
            yield self.one(name)

    def pipeline(self, index: Index, given: Any) -> Pipeline | None:
        """Return the search pipeline a request names or carries, or the index's own."""
        chosen = index.settings.get("search.default_pipeline") if given is None else given
        if isinstance(chosen, dict):
            return pipeline(chosen)
        if chosen in (None, "_none"):
            return None
        found = self.store.pipelines().get(chosen)
        if found is None:
            raise illegal(f"Pipeline {chosen} is not defined")
        return pipeline(found)

    def _named(self, expression: str) -> list[str]:
        names: list[str] = []
        for part in expression.split(","):
            pattern = "*" if part == "_all" else part
            matched = [name for name in self._indices if fnmatchcase(name, pattern)]
            names += matched if "*" in pattern else [part]
        return list(dict.fromkeys(names))


def _refuse_name(name: str) -> None:
    if name[:1] in "_-+" or _BAD_NAME.search(name):
        raise Refused(400, "invalid_index_name_exception", f"Invalid index name [{name}]", index=name)


def _settings(given: Any) -> dict[str, Any]:
    """Return the settings by name without `index.`; nested and dotted names mean the same."""
    rest, analysis = _without_analysis(given)
    flat = dict(_flattened(rest, ""))
    settings = {name.removeprefix("index."): value for name, value in flat.items()}
    if unknown := sorted(set(settings) - _SETTINGS):
        raise illegal(f"unknown setting [index.{unknown[0]}]")
    if "knn" in settings:
        settings["knn"] = str(settings["knn"]).lower() == "true"
    defaults = {"number_of_shards": "1", "number_of_replicas": "1", "uuid": secrets.token_urlsafe(16)}
    return defaults | settings | ({"analysis": analysis} if analysis else {})


def _without_analysis(given: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """What analyzers are made of has names of its own, which are no settings."""
    inner = {name: value for name, value in given.get("index", {}).items() if name != "analysis"}
    outer = {name: value for name, value in given.items() if name not in {"index", "analysis"}}
    analysis = given.get("analysis", given.get("index", {}).get("analysis", {}))
    return outer | ({"index": inner} if inner else {}), analysis


def _flattened(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
