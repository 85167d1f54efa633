"""Uploads in parts as MongoDB keeps them: those that are open, and which recording became which call."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

from common.errors import raising
from common.store import MONGO_FAILURES

from ingest.parted import PartedUpload

FORGOTTEN: Final = timedelta(days=8)  # after it has lapsed; the bucket's own rule gives parts up after seven


class PartedUploads:
    """The collection of them."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    async def add(self, upload: PartedUpload) -> None:
        """One was announced."""
        row = {"_id": upload.id, **upload.model_dump(), "forgotten_at": upload.expires_at + FORGOTTEN}
        with raising("noting an upload", MONGO_FAILURES):
            await self._collection.insert_one(row)

    async def find(self, tenant_id: str, upload_id: str) -> PartedUpload | None:
        """One of this tenant's."""
        with raising("reading an upload", MONGO_FAILURES):
            row = await self._collection.find_one({"_id": upload_id, "tenant_id": tenant_id})
        return None if row is None else PartedUpload.model_validate(row)

    async def joined(self, upload: PartedUpload) -> None:
        """Its parts are one object."""
        with raising("noting an upload", MONGO_FAILURES):
            await self._collection.update_one({"_id": upload.id}, {"$set": {"joined": True}})

    async def drop(self, upload: PartedUpload) -> bool:
        """Forget it; False if somebody else has."""
        with raising("forgetting an upload", MONGO_FAILURES):
            done = await self._collection.delete_many({"_id": upload.id})
        return bool(done.deleted_count)

    async def lapsed(self, now: datetime, most: int) -> AsyncIterator[PartedUpload]:
        """Every tenant's that were announced and never completed, at most so many."""
        query = {"expires_at": {"$lte": now}, "joined": False}
        with raising("reading uploads", MONGO_FAILURES):
            async for row in self._collection.find(query, limit=most):
                yield PartedUpload.model_validate(row)

    async def call_of(self, tenant_id: str, fingerprint: str) -> str | None:
        """Which call this recording has become."""
        with raising("reading an upload", MONGO_FAILURES):
            row = await self._collection.find_one({"_id": _named(tenant_id, fingerprint)})
        return None if row is None else str(row["call_id"])

    async def name(self, upload: PartedUpload, fingerprint: str) -> None:
        """This recording becomes that call."""
        row = {"tenant_id": upload.tenant_id, "call_id": upload.call_id}
        with raising("noting an upload", MONGO_FAILURES):
            await self._collection.find_one_and_update(
                {"_id": _named(upload.tenant_id, fingerprint)}, {"$set": row}, upsert=True
            )

    async def prepare(self) -> None:
        """Create the indexes by which they are found and forgotten."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index("forgotten_at", expireAfterSeconds=0)
            await self._collection.create_index([("expires_at", 1), ("joined", 1)])


def _named(tenant_id: str, fingerprint: str) -> str:
    return f"same:{tenant_id}:{fingerprint}"
