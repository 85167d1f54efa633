"""Many writes in few requests: bounded in bytes, and only items that failed are tried again."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from opensearchpy import AsyncOpenSearch

from common.errors import Permanent, PipelineError, Transient
from common.index.asking import PREPARE, REFUSED, Missing, asking

MAX_BYTES: Final = 10 * 1024**2
"""Of a request: the least that managed clusters take (AWS's small instances)."""

WAITS: Final = (0.2, 0.5, 1.0, 2.0)  # seconds before each of the further tries

GONE: Final = 404  # with an error: there is no such index; without one, a delete found nothing to do

_FIELD: Final = re.compile(r"field \[([\w.]+)\]|introduction of \[([\w.]+)\]")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bulk request, or two: a document to be written, or one to be taken away."""

    id: str
    lines: bytes


def put(document: str, source: Mapping[str, Any], routing: str) -> Item:
    """Write a document, whatever was there."""
    action = {"index": {"_id": document, "routing": routing}}
    return Item(document, orjson.dumps(action) + b"\n" + orjson.dumps(source) + b"\n")


def take(document: str, routing: str) -> Item:
    """Take a document away, if it is there."""
    return Item(document, orjson.dumps({"delete": {"_id": document, "routing": routing}}) + b"\n")


def requests(items: Iterable[Item], most: int = MAX_BYTES) -> Iterator[list[Item]]:
    """Items by request, at most so many bytes each; a single larger one goes alone."""
    batch: list[Item] = []
    size = 0
    for item in items:
        if batch and size + len(item.lines) > most:
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item.lines)
    if batch:
        yield batch


class Bulk:
    """Writes to one index; *waits* are the seconds before each further try."""

    def __init__(self, client: AsyncOpenSearch, waits: Sequence[float] = WAITS) -> None:
        self._client = client
        self._waits = waits

    async def write(self, index: str, items: Iterable[Item]) -> None:
        """Return when every item is done and can be found. Doing it again changes nothing.

        Raises:
            Permanent: the server refuses an item; the error names the field, never what is in it.
            Transient: it is busy still, or away. Some items may be done.
            Missing: there is no such index.
        """
        for batch in requests(items):
            await self._insist(index, batch)

    async def _insist(self, index: str, batch: list[Item]) -> None:
        left = await self._try(index, batch)
        for wait in self._waits:
            if not left:
                return
            await asyncio.sleep(wait)
            left = await self._try(index, left)
        if left:
            told = f"indexing chunks: the server was too busy for {len(left)} of {len(batch)}"
            raise Transient(told, reason="index_unavailable")

    async def _try(self, index: str, batch: list[Item]) -> list[Item]:
        """Those that are worth another try.

        It waits until what was written can be found: whoever sees a call completed finds it. Forcing a
        refresh instead would make a segment for each call.
        """
        body = b"".join(item.lines for item in batch)
        params = {"require_alias": "true", "refresh": "wait_for"}
        async with asking("indexing chunks"):
            answer = await self._client.bulk(body=body, index=index, params=params)
        return list(_again(batch, answer)) if answer["errors"] else []


def _again(batch: Sequence[Item], answer: Mapping[str, Any]) -> Iterator[Item]:
    told = [next(iter(row.values())) for row in answer["items"]]
    failed = [(item, row) for item, row in zip(batch, told, strict=True) if "error" in row]
    if refused := [row for _, row in failed if row["status"] in REFUSED]:
        raise _refused(refused, len(batch))
    if any(row["status"] == GONE for _, row in failed):
        raise Missing(f"indexing chunks: there is no such index; {PREPARE}")
    yield from (item for item, _ in failed)


def _refused(rows: Sequence[Mapping[str, Any]], total: int) -> PipelineError:
    """A reason may quote a document: of it, only the field's name goes on."""
    error = rows[0]["error"]
    named = _FIELD.search(str(error.get("reason", "")))
    field = next((name for name in named.groups() if name), "") if named else ""
    where = f"the field {field} ({error['type']})" if field else str(error["type"])
    return Permanent(
        f"indexing chunks: the server refused {len(rows)} of {total} for {where}", reason="index_refused"
    )
