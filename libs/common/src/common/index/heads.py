"""A call's head in the index: which revision its chunks are of, and which ids were ever written for it.

Chunks of different revisions have different ids, so no write of one overwrites another's. Which of them may
stay is decided here, by one document that only moves forward (``if_seq_no``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from opensearchpy import AsyncOpenSearch

from common.errors import Transient
from common.index.asking import PREPARE, Conflict, Missing, asking
from common.model import CallKey

TRIES: Final = 8
"""Of moving a head on: each lost one means that another delivery of this very call has moved it."""


LAST: Final = 2**31 - 1
"""Newer than every revision: that of a call that was erased. The mapping's integers end here."""


@dataclass(frozen=True, slots=True)
class Head:
    """*written*: by revision, how many chunks may have been written; it never forgets."""

    revision: int = 0
    written: Mapping[int, int] = field(default_factory=dict)
    sequence: tuple[int, int] | None = None
    """Its ``_seq_no`` and ``_primary_term``; None if there is none yet."""

    def with_(self, revision: int, count: int) -> "Head":
        """This head once a revision writes so many chunks."""
        most = max(count, self.written.get(revision, 0))
        return replace(self, revision=revision, written={**self.written, revision: most})

    def ids(self, key: CallKey) -> Iterator[str]:
        """Every chunk that may be there."""
        for revision, count in self.written.items():
            yield from chunk_ids(key.model_copy(update={"revision": revision}), count)


def chunk_ids(key: CallKey, count: int) -> Iterator[str]:
    """The ids of so many chunks."""
    return (f"{key.id}:{n}" for n in range(count))


def head_id(key: CallKey) -> str:
    """No chunk is called so: theirs end in a number."""
    return f"{key.tenant_id}:{key.call_id}:head"


class Heads:
    """The heads in one index."""

    def __init__(self, client: AsyncOpenSearch) -> None:
        self._client = client

    async def find(self, index: str, key: CallKey) -> Head:
        """The call's head as it is now, searchable or not."""
        # Not a GET: the client would log a warning for every call that is new.
        wanted = {"docs": [{"_id": head_id(key), "routing": key.tenant_id}]}
        async with asking("reading a call's head"):
            answer = await self._client.mget(body=wanted, index=index)
        (row,) = answer["docs"]
        if "error" in row:
            raise Missing(f"reading a call's head: there is no such index; {PREPARE}")
        return _head(row) if row["found"] else Head()

    async def revisions(self, index: str, keys: Sequence[CallKey]) -> list[int]:
        """Of each of several calls the revision whose chunks are there, or on their way; 0: none."""
        if not keys:
            return []
        docs = [{"_id": head_id(key), "routing": key.tenant_id} for key in keys]
        async with asking("reading calls' heads"):
            answer = await self._client.mget(body={"docs": docs}, index=index)
        return [_head(row).revision if row.get("found") else 0 for row in answer["docs"]]

    async def claim(self, index: str, key: CallKey, count: int) -> Head:
        """Move the head on to this revision, unless a newer one has been there.

        What comes back is the head as it is now: of this revision, or of the newer.

        Raises:
            Transient: others kept moving it.
        """
        for _ in range(TRIES):
            now = await self.find(index, key)
            wanted = now.with_(key.revision, count)
            if now.revision > key.revision or now == wanted:
                return now
            try:
                await self._write(index, key, wanted)
            except Conflict:
                continue
            return wanted
        raise Transient("other deliveries of this call kept writing its head", reason="index_unavailable")

    async def _write(self, index: str, key: CallKey, head: Head) -> None:
        params: dict[str, Any] = {"routing": key.tenant_id, "require_alias": "true"}
        if head.sequence is None:
            params["op_type"] = "create"
        else:
            params["if_seq_no"], params["if_primary_term"] = head.sequence
        async with asking("writing a call's head"):
            await self._client.index(index=index, id=head_id(key), body=_source(key, head), params=params)


def _source(key: CallKey, head: Head) -> dict[str, Any]:
    """Under a field of its own: without a tenant_id at its top no question meets it."""
    written = {str(revision): count for revision, count in sorted(head.written.items())}
    told = {"tenant_id": key.tenant_id, "call_id": key.call_id, "revision": head.revision}
    return {"head": {**told, "written": written}}


def _head(row: Mapping[str, Any]) -> Head:
    told = row["_source"]["head"]
    written = {int(revision): count for revision, count in told["written"].items()}
    return Head(told["revision"], written, (row["_seq_no"], row["_primary_term"]))
