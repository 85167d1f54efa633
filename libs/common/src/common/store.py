"""One document per call and revision in MongoDB; the first one kept wins."""

from typing import Any, Generic, TypeVar

from bson.errors import BSONError
from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from common.errors import Permanent, PipelineError, Transient, raising
from common.model import CallKey

D = TypeVar("D", bound=CallKey)

MONGO_FAILURES: dict[type[Exception], type[PipelineError]] = {
    BSONError: Permanent,  # first: what is too large is both
    OverflowError: Permanent,  # a number of more than eight bytes
    PyMongoError: Transient,
}
"""Everything MongoDB raises is worth another delivery: the message waits, nothing is lost. What no document
can hold it does not see, and never will.
"""


class Store(Generic[D]):
    """The documents of one stage: ``Store[Transcript]`` and so on. Only that stage keeps; anybody reads."""

    def __init__(self, collection: Any, document: type[D]) -> None:
        self._collection = collection
        self._document = document

    async def keep(self, document: D) -> D:
        """Keep *document* unless its call already has one in this revision. Return the one that is kept."""
        row = document.model_dump(mode="json")
        with raising("keeping a document", MONGO_FAILURES):
            try:
                await self._collection.insert_one({"_id": document.id, **row})
            except DuplicateKeyError:
                return await self.get(document.key)
        return document

    async def find(self, key: CallKey) -> D | None:
        """The document of exactly this revision, or None."""
        return await self._one({"_id": key.id, "tenant_id": key.tenant_id})

    async def latest(self, key: CallKey) -> D | None:
        """The newest document at or before this revision: a re-run rests on what earlier stages kept."""
        return await self._one(
            {"tenant_id": key.tenant_id, "call_id": key.call_id, "revision": {"$lte": key.revision}}
        )

    async def get(self, key: CallKey) -> D:
        """The newest document at or before this revision.

        Raises:
            Transient: there is none (yet): the stage before announced it, so a read may be stale.
        """
        found = await self.latest(key)
        if found is None:
            raise Transient(f"no {self._document.__name__.lower()} is kept for this call", reason="not_kept")
        return found

    async def prepare(self) -> None:
        """Create the index that ``latest`` reads by; harmless when it is there."""
        with raising("creating an index", {OperationFailure: Permanent, **MONGO_FAILURES}):
            await self._collection.create_index([("tenant_id", 1), ("call_id", 1), ("revision", -1)])

    async def _one(self, query: dict[str, Any]) -> D | None:
        with raising("reading a document", MONGO_FAILURES):
            row = await self._collection.find_one(query, sort=[("revision", -1)])
        return None if row is None else self._document.model_validate(row)
