"""Which of several indexes is written and read: by model, by dimension, and by what the alias names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.index.shape import alias, former_name, write_alias


@dataclass(frozen=True, slots=True)
class Place:
    """An index of one model; version 0 is one of the landing that wrote no version into it."""

    name: str
    dimensions: int
    version: int
    served: bool
    mapping: Mapping[str, Any]
    writable: bool
    """Whether it has the alias that it is written by."""

    @property
    def is_former(self) -> bool:
        """Whether it knows neither routing nor heads, findings and facts."""
        return self.version == 0


def places(described: Mapping[str, Any], prefix: str, model: str) -> tuple[Place, ...]:
    """The indexes of a model among those the server described."""
    return tuple(_places(described, prefix, model))


def read_from(known: Sequence[Place], dimensions: int | None) -> tuple[Place, ...]:
    """Where questions of a model are asked: what is served, and first of all the newest if that is another.

    While calls are carried over, the newest holds what came in meanwhile, and the served one the rest.
    Only vectors of one length can be compared with a question.
    """
    fit = [place for place in known if dimensions in {None, place.dimensions}]
    served = next((place for place in fit if place.served), None)
    newest = max(fit, key=lambda place: (place.version, place.served), default=None)
    if newest is None or served is None or served.dimensions != newest.dimensions:
        return tuple(place for place in (served or newest,) if place)
    return (newest,) if served == newest else (newest, served)


def _places(described: Mapping[str, Any], prefix: str, model: str) -> Iterator[Place]:
    for name, one in described.items():
        mapping = one.get("mappings", {})
        about = mapping.get("_meta", {})
        dimensions = mapping.get("properties", {}).get("embedding", {}).get("dimension")
        ours = about.get("model") == model or (not about and name == former_name(prefix, model))
        if ours and dimensions is not None:
            aliases = one.get("aliases", {})
            served = alias(prefix) in aliases
            yield Place(
                name, dimensions, about.get("version", 0), served, mapping, write_alias(name) in aliases
            )
