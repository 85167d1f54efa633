"""Transcripts in MongoDB, however long: small ones as one document, others as a head and parts."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import bson
from pymongo.errors import DuplicateKeyError, OperationFailure

from common.errors import Permanent, Transient, raising
from common.model import CallKey, Transcript, TranscriptHead, Utterance
from common.store import MONGO_FAILURES

Row = dict[str, Any]

PART_BYTES = 4 * 1024 * 1024  # of BSON; MongoDB's documents end at 16 MiB, and memory is spent part by part
_NEWEST = [("revision", -1)]
_NO_TIMES: Row = {"utterances.words": False}


def _new_set() -> str:
    return uuid4().hex


class TranscriptStore:
    """``Store[Transcript]`` for documents of any length; the first one kept wins.

    A short transcript is one document. Of a longer one the utterances are written in parts first, in a set of
    this writer's own, and the head that names the set last: without a head nothing of it is seen. Sets
    that no head names are removed by whoever keeps the same transcript next, and erased with their call.
    """

    def __init__(
        self,
        heads: Any,
        parts: Any,
        *,
        part_bytes: int = PART_BYTES,
        new_set: Callable[[], str] = _new_set,
    ) -> None:
        self._heads = heads
        self._parts = parts
        self._part_bytes = part_bytes
        self._new_set = new_set

    async def keep(self, document: Transcript) -> Transcript:
        """Keep *document* unless its call already has one in this revision. Return the one that is kept."""
        head, groups = await asyncio.to_thread(_rows, document, self._part_bytes)
        if len(groups) <= 1:
            kept = await self._insert({**head, "utterances": groups[0] if groups else []})
        else:
            kept = await self._keep_in_parts(document, head, groups)
        return document if kept else await self.get(document.key)

    async def find(self, key: CallKey) -> Transcript | None:
        """The transcript of exactly this revision, or None."""
        row = await self._row({"_id": key.id, "tenant_id": key.tenant_id})
        return await self._whole(row) if row else None

    async def latest(self, key: CallKey) -> Transcript | None:
        """The newest transcript at or before this revision: a re-run rests on what earlier stages kept."""
        row = await self._row(_up_to(key))
        return await self._whole(row) if row else None

    async def spoken(self, key: CallKey) -> Transcript | None:
        """``latest`` without the times of single words, which are most of a document that has them."""
        row = await self._row(_up_to(key), _NO_TIMES)
        return await self._whole(row, _NO_TIMES) if row else None

    async def get(self, key: CallKey) -> Transcript:
        """The newest transcript at or before this revision.

        Raises:
            Transient: there is none (yet): the stage before announced it, so a read may be stale.
        """
        found = await self.latest(key)
        if found is None:
            raise Transient("no transcript is kept for this call", reason="not_kept")
        return found

    async def head(self, key: CallKey) -> TranscriptHead | None:
        """The newest transcript at or before this revision without its words, in one read."""
        row = await self._row(_up_to(key), {"utterances": False})
        if row is None:
            return None
        if "utterance_count" not in row:  # kept before heads were
            return (await self.get(key)).head
        return TranscriptHead.model_validate(row)

    async def prepare(self) -> None:
        """Create the indexes: heads are read by the newest revision, parts erased with their call."""
        with raising("creating an index", {OperationFailure: Permanent, **MONGO_FAILURES}):
            await self._heads.create_index([("tenant_id", 1), ("call_id", 1), ("revision", -1)])
            await self._parts.create_index([("tenant_id", 1), ("call_id", 1), ("revision", -1)])

    async def _insert(self, row: Row) -> bool:
        with raising("keeping a transcript", MONGO_FAILURES):
            try:
                await self._heads.insert_one(row)
            except DuplicateKeyError:
                return False
        return True

    async def _keep_in_parts(self, document: Transcript, head: Row, groups: list[list[Row]]) -> bool:
        mine = self._new_set()
        rows = [_part(document.key, mine, n, group) for n, group in enumerate(groups)]
        for row in rows:
            with raising("keeping a part of a transcript", MONGO_FAILURES):
                await self._parts.insert_one(row)
        # None, not nothing: who knows no parts must stumble, not find a silent call.
        kept = await self._insert({**head, "utterances": None, "parts": [row["_id"] for row in rows]})
        await self._remove_sets(document.key, {"$ne": mine} if kept else mine)
        return kept

    async def _remove_sets(self, key: CallKey, which: Any) -> None:
        with raising("removing parts that no transcript names", MONGO_FAILURES):
            await self._parts.delete_many({**dict(key.key), "set": which})

    async def _row(self, query: Row, fields: Row | None = None) -> Row | None:
        with raising("reading a transcript", MONGO_FAILURES):
            row: Row | None = await self._heads.find_one(query, fields, sort=_NEWEST)
        return row

    async def _whole(self, row: Row, fields: Row | None = None) -> Transcript:
        """The transcript of this head, with all or some fields of its utterances."""
        named = row.get("parts")
        if named is None:
            return await asyncio.to_thread(Transcript.model_validate, row)
        found: dict[str, tuple[Utterance, ...]] = {}
        with raising("reading the parts of a transcript", MONGO_FAILURES):
            async for part in self._parts.find({"_id": {"$in": named}}, fields):
                found[part["_id"]] = await asyncio.to_thread(_utterances, part["utterances"])
        if len(found) < len(named):
            raise Transient("a part of this transcript is not there", reason="not_kept")
        said = tuple(utterance for name in named for utterance in found[name])
        return Transcript.model_validate({**row, "utterances": said})


def transcripts_in(database: Any) -> TranscriptStore:
    """The transcripts of a database."""
    return TranscriptStore(database["transcripts"], database["transcript_parts"])


def _up_to(key: CallKey) -> Row:
    return {"tenant_id": key.tenant_id, "call_id": key.call_id, "revision": {"$lte": key.revision}}


def _rows(document: Transcript, limit: int) -> tuple[Row, list[list[Row]]]:
    """The head's row, and the utterances' in groups of at most *limit* bytes; a longer one is alone."""
    head = {"_id": document.id, **document.head.model_dump(mode="json")}
    return head, _groups((said.model_dump(mode="json") for said in document.utterances), limit)


def _groups(rows: Iterable[Row], limit: int) -> list[list[Row]]:
    groups: list[list[Row]] = []
    size = limit
    for row in rows:
        more = len(bson.encode(row))
        if size + more > limit:
            groups.append([])
            size = 0
        groups[-1].append(row)
        size += more
    return groups


def _part(key: CallKey, of_set: str, n: int, utterances: list[Row]) -> Row:
    return {"_id": f"{key.id}:{of_set}:{n}", **dict(key.key), "set": of_set, "utterances": utterances}


def _utterances(rows: list[Row]) -> tuple[Utterance, ...]:
    return tuple(map(Utterance.model_validate, rows))
