"""Where an update path leads: the slots in a document that an operator reads and writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onebox.mongo.errors import Refused
from onebox.mongo.query import Matcher, matcher, position
from onebox.mongo.values import MISSING, Document, copied


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of a document, or one item of an array."""

    container: Any
    key: Any
    path: str

    def get(self) -> Any:
        """Return the value, or MISSING."""
        if isinstance(self.container, list):
            return self.container[self.key] if self.key < len(self.container) else MISSING
        return self.container.get(self.key, MISSING)

    def set(self, value: Any) -> None:
        """Put a copy of the value there; an array grows with nulls up to it."""
        if isinstance(self.container, list):
            self.container.extend([None] * (self.key + 1 - len(self.container)))
        self.container[self.key] = copied(value)

    def unset(self) -> None:
        """Take a field away; an array item becomes null, so that the others keep their places."""
        if isinstance(self.container, dict):
            self.container.pop(self.key, None)
        elif self.key < len(self.container):
            self.container[self.key] = None


@dataclass(frozen=True, slots=True)
class Places:
    """What the placeholders of update paths stand for: `$` and `$[name]`."""

    query: Mapping[str, Any]
    filters: Mapping[str, Matcher]

    def slots(self, document: Document, path: str, *, create: bool) -> Iterator[Slot]:
        """Yield where the path leads; `create` makes what is missing on the way."""
        return self._walk(document, path.split("."), (), create)

    def _walk(self, node: Any, ahead: Sequence[str], behind: tuple[str, ...], create: bool) -> Iterator[Slot]:  # noqa: FBT001 - handed down
        for key in self._keys(node, ahead[0], behind, create):
            slot = Slot(node, key, ".".join((*behind, ahead[0])))
            if len(ahead) == 1:
                yield slot
                continue
            if slot.get() is MISSING:
                if not create:
                    continue
                slot.set({})
            yield from self._walk(slot.get(), ahead[1:], (*behind, str(key)), create)

    def _keys(self, node: Any, name: str, behind: tuple[str, ...], create: bool) -> list[Any]:  # noqa: FBT001 - handed down
        if isinstance(node, list):
            return self._indexes(node, name, behind, create)
        if name.startswith("$"):
            raise Refused("BadValue", f"Cannot apply array updates to non-array element {'.'.join(behind)}")
        if isinstance(node, dict):
            return [name]
        return _not_viable(name, behind) if create else []

    def _indexes(self, items: list[Any], name: str, behind: tuple[str, ...], create: bool) -> list[int]:  # noqa: FBT001 - handed down
        if name.isdecimal():
            return [int(name)]
        if name == "$":
            return [self._matched(items, behind)]
        if name.startswith("$["):
            wanted = self._filter(name[2:-1])
            return [at for at, item in enumerate(items) if wanted(item)]
        return _not_viable(name, behind) if create else []

    def _matched(self, items: list[Any], behind: tuple[str, ...]) -> int:
        found = position(self.query, ".".join(behind), items)
        if found is None:
            raise Refused("BadValue", "The positional operator did not find the match needed from the query.")
        return found

    def _filter(self, name: str) -> Matcher:
        if not name:
            return lambda _: True
        if name not in self.filters:
            raise Refused("BadValue", f"No array filter found for identifier '{name}'")
        return self.filters[name]


def array_filters(given: Sequence[Mapping[str, Any]]) -> dict[str, Matcher]:
    """Compile `arrayFilters` into one matcher of an array item per identifier."""
    filters: dict[str, Matcher] = {}
    for query in given:
        names = {path.split(".")[0] for path in query}
        if len(names) != 1 or next(iter(names)).startswith("$"):
            raise Refused("FailedToParse", "Expected an array filter with a single top-level field name")
        name = names.pop()
        if name in filters:
            raise Refused("FailedToParse", f"Found multiple array filters with the same identifier {name}")
        filters[name] = _named(name, matcher(query))
    return filters


def _named(name: str, wanted: Matcher) -> Callable[[Any], bool]:
    return lambda item: wanted({name: item})


def _not_viable(name: str, behind: tuple[str, ...]) -> list[Any]:
    raise Refused("PathNotViable", f"Cannot create field '{name}' in element {'.'.join(behind)}")
