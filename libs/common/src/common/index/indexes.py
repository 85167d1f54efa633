"""Our indexes as they are on the server: looked at, created, found fit or not."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from opensearchpy import AsyncOpenSearch, NotFoundError, RequestError

from common.errors import Permanent
from common.index.asking import PREPARE, asking
from common.index.fusion import fuses
from common.index.places import Place, places, read_from
from common.index.shape import (
    HYBRID,
    PIPELINE,
    Shape,
    alias,
    conflicts,
    index_body,
    index_name,
    write_alias,
)

SEEN_FOR: Final = 30.0
"""Seconds for which we remember what indexes there are: so late do all readers follow an alias."""


class Indexes:
    """The indexes of one embedding model."""

    def __init__(
        self,
        client: AsyncOpenSearch,
        model: str,
        prefix: str,
        *,
        dimensions: int | None = None,
        shape: Shape | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self.prefix = prefix
        self.dimensions = dimensions
        self._client = client
        self._shape = shape or Shape()
        self._clock = clock
        self._creating = asyncio.Lock()
        self._prepared: dict[int, str] = {}
        self._seen: tuple[float, tuple[Place, ...]] | None = None
        self._fuses: bool | None = None

    async def written(self, dimensions: int) -> str:
        """The name under which vectors of this length are written; the index is made if there is none.

        Once a process: one that is gone later is an error, for whoever took it away may have meant it.

        Raises:
            Permanent: the index is not as we write it.
        """
        async with self._creating:
            if dimensions not in self._prepared:
                self._prepared[dimensions] = await self._prepare(dimensions)
        return self._prepared[dimensions]

    async def read(self, dimensions: int | None = None) -> tuple[Place, ...]:
        """Where questions are asked with vectors of this length, or with none; the newest first.

        Nowhere, if nothing was embedded with this model.

        Raises:
            Permanent: the index is not as we read it, or there are only those of other lengths.
        """
        found = read_from(await self._known(), dimensions)
        if not found:  # the first call that is embedded is to be found at once
            self.forget()
            found = read_from(known := await self._known(), dimensions)
            if known and not found:
                raise _other_length(known[0], dimensions)
        for place in found:
            _refuse_unfit(place)
        return found

    def forget(self) -> None:
        """Look again before the next question."""
        self._seen = None

    async def write_aliases(self) -> list[str]:
        """The names under which this model's indexes are written, whatever their length of vectors."""
        return [write_alias(place.name) for place in await self.all() if not place.is_former]

    async def all_write_aliases(self) -> list[str]:
        """The same of every model's indexes."""
        described = await self._described()
        return [write_alias(name) for name, one in described.items() if write_alias(name) in one["aliases"]]

    async def _known(self) -> tuple[Place, ...]:
        """Every index of this model, as we saw it a moment ago."""
        if self._seen is None or self._clock() - self._seen[0] > SEEN_FOR:
            self._seen = (self._clock(), await self.all())
        return self._seen[1]

    async def all(self) -> tuple[Place, ...]:
        """Every index of this model."""
        return places(await self._described(), self.prefix, self.model)

    async def _described(self) -> dict[str, Any]:
        async with asking("looking for indexes"):
            described: dict[str, Any] = await self._client.indices.get(
                index=f"{alias(self.prefix)}-*", params={"allow_no_indices": "true"}
            )
        return described

    async def check(self) -> None:
        """Whether questions can be asked; nothing embedded yet is no fault.

        Raises:
            Permanent: an index has another mapping, or the pipeline is missing.
        """
        if await self.read() and await self.fuses():
            async with asking("looking for the search pipeline"):
                await self._find_pipeline()

    async def fuses(self) -> bool:
        """Whether the server fuses rankings itself: asked once."""
        if self._fuses is None:
            async with asking("asking for the server's version"):
                self._fuses = fuses(await self._client.info())
        return self._fuses

    async def serve(self, name: str) -> list[str]:
        """Let the alias name this index from now on, for everybody at once; return what it named before."""
        async with asking("switching the alias"):
            there = await self._client.indices.get(
                index=f"{alias(self.prefix)}-*", params={"allow_no_indices": "true"}
            )
            before = [one for one, told in there.items() if alias(self.prefix) in told["aliases"]]
            named = {"alias": alias(self.prefix)}
            actions = [{"remove": {"index": one, **named}} for one in before if one != name]
            await self._client.indices.update_aliases(
                body={"actions": [*actions, {"add": {"index": name, **named}}]}
            )
        self.forget()
        return [one for one in before if one != name]

    async def drop(self, names: Sequence[str]) -> None:
        """Take indexes away, with all that is in them."""
        for name in names:
            async with asking("dropping an index"):
                await self._client.indices.delete(index=name)
        self.forget()

    async def _find_pipeline(self) -> None:
        try:
            await self._client.transport.perform_request("GET", f"/_search/pipeline/{HYBRID}")
        except NotFoundError as error:
            told = f"the search pipeline {HYBRID} is missing; {PREPARE}"
            raise Permanent(told, reason="index_unfit") from error

    async def _prepare(self, dimensions: int) -> str:
        if await self.fuses():
            async with asking("creating the search pipeline"):
                await self._client.transport.perform_request(
                    "PUT", f"/_search/pipeline/{HYBRID}", body=PIPELINE
                )
        name = index_name(self.prefix, self.model, dimensions)
        known = await self.all()
        if name not in {place.name for place in known}:
            await self._create(name, dimensions)
            known = await self.all()
        _refuse_unfit(next(place for place in known if place.name == name))
        await self._serve(name, known)
        self.forget()
        return write_alias(name)

    async def _create(self, name: str, dimensions: int) -> None:
        body = index_body(self.model, dimensions, self._shape) | {"aliases": {write_alias(name): {}}}
        async with asking("creating the index"):
            try:
                await self._client.indices.create(index=name, body=body)
            except RequestError as error:
                if error.error != "resource_already_exists_exception":  # another process was quicker
                    raise

    async def _serve(self, name: str, known: tuple[Place, ...]) -> None:
        """Let the alias name something: what was there before us, if anything was."""
        async with asking("naming the index that is served"):
            if not await self._client.indices.exists_alias(name=alias(self.prefix)):
                former = next((place.name for place in known if place.is_former), name)
                await self._client.indices.put_alias(index=former, name=alias(self.prefix))


def _other_length(place: Place, dimensions: int | None) -> Permanent:
    """Of numbers that cannot be compared the server would say only that its shards failed."""
    told = f"{place.name} holds vectors of {place.dimensions} numbers, the question has {dimensions}"
    remedy = "set EMBEDDING_MODEL to the one it was made with, or run pipelinectl reindex"
    return Permanent(f"{told}; {remedy}", reason="index_unfit")


def _refuse_unfit(place: Place) -> None:
    if place.is_former:
        return
    if wrong := conflicts(place.mapping, place.dimensions):
        told = f"the index {place.name} has another mapping than ours ({', '.join(wrong[:5])})"
        raise Permanent(f"{told}; delete it and run pipelinectl reindex", reason="index_unfit")
    if not place.writable:
        told = f"the index {place.name} lacks the alias {write_alias(place.name)} that it is written by"
        raise Permanent(f"{told}; give it that alias", reason="index_unfit")
