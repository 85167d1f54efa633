"""What stands in for MongoDB, S3 and Redis where the door is tested: mongomock, and objects in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any, BinaryIO

from bson import encode
from common.errors import Permanent
from common.model import ObjectRef
from common.parts import Part, Target
from common.recordings import ObjectStat

BUCKET = "callstream-audio"


class Wired:
    """A mongomock collection that takes and is asked for what could be sent to a server, and nothing else."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._collection, name)

        def asked(*documents: Any, **options: Any) -> Any:
            encode({"documents": documents})
            return method(*documents, **options)

        return asked


class FakeCollection:
    """A MongoDB collection as Motor shows it, on mongomock."""

    def __init__(self, collection: Any) -> None:
        self._collection: Any = Wired(collection)

    async def insert_one(self, row: dict[str, Any]) -> Any:
        return self._collection.insert_one(row)

    async def insert_many(self, rows: list[dict[str, Any]]) -> Any:
        return self._collection.insert_many(rows)

    async def find_one(self, query: dict[str, Any], fields: Any = None, sort: Any = None) -> Any:
        return self._collection.find_one(query, fields, sort=sort)

    async def find_one_and_update(self, query: Any, update: Any, **options: Any) -> Any:
        return self._collection.find_one_and_update(query, update, **options)

    async def find(
        self, query: Any, fields: Any = None, sort: Any = None, limit: int = 0
    ) -> AsyncIterator[Any]:
        for row in self._collection.find(query, fields, sort=sort, limit=limit):
            yield row

    async def aggregate(self, pipeline: list[dict[str, Any]]) -> AsyncIterator[Any]:
        for row in self._collection.aggregate(pipeline):
            yield row

    async def find_one_and_delete(self, query: Any) -> Any:
        return self._collection.find_one_and_delete(query)

    async def update_one(self, query: Any, update: Any) -> Any:
        return self._collection.update_one(query, update)

    async def update_many(self, query: Any, update: Any) -> Any:
        return self._collection.update_many(query, update)

    async def delete_many(self, query: Any) -> Any:
        return self._collection.delete_many(query)

    def forget(self) -> None:
        self._collection.delete_many({})

    def count(self) -> int:
        return int(self._collection.count_documents({}))


@dataclass
class FakeBucket:
    """Objects in memory; ``reads`` counts how often content was fetched."""

    objects: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    reads: int = 0

    def put(self, key: str, content: bytes, *, etag: str | None = None, bucket: str = BUCKET) -> None:
        self.objects[bucket, key] = content, etag or md5(content, usedforsecurity=False).hexdigest()

    def _of(self, ref: ObjectRef) -> tuple[bytes, str]:
        if (ref.bucket, ref.key) not in self.objects:
            raise Permanent("there is no such object", reason="not_found")
        return self.objects[ref.bucket, ref.key]

    async def stat(self, ref: ObjectRef) -> ObjectStat:
        content, etag = self._of(ref)
        return ObjectStat(
            bucket=ref.bucket, key=ref.key, version=ref.version, etag=etag, size_bytes=len(content)
        )

    async def fetch(self, ref: ObjectRef, path: Path) -> int:
        self.reads += 1
        return await asyncio.to_thread(path.write_bytes, self._of(ref)[0])

    async def read(self, ref: ObjectRef, limit: int) -> bytes:
        content, _ = self._of(ref)
        if len(content) > limit:
            raise Permanent("too large", reason="too_large")
        return content

    async def put_json(self, ref: ObjectRef, content: Any) -> None:
        self.put(ref.key, repr(content).replace("'", '"').encode(), bucket=ref.bucket)

    async def put_file(self, ref: ObjectRef, file: BinaryIO, content_type: str) -> ObjectRef:
        file.seek(0)
        self.put(ref.key, file.read(), bucket=ref.bucket)
        return ref.model_copy(update={"etag": self._of(ref)[1]})

    async def erase(self, ref: ObjectRef) -> None:
        self.objects.pop((ref.bucket, ref.key), None)

    async def erase_under(self, bucket: str, folder: str) -> None:
        for where in [(b, key) for b, key in self.objects if b == bucket and key.startswith(folder)]:
            del self.objects[where]

    async def presign(self, ref: ObjectRef, expires: int) -> str:
        return f"https://s3.test/{ref.bucket}/{ref.key}?expires={expires}"


@dataclass
class FakeParts:
    """S3's uploads in parts; *bucket* gets what is joined. ``open`` holds what has come, by number."""

    bucket: FakeBucket
    open: dict[str, dict[int, bytes]] = field(default_factory=dict)

    async def begin(self, ref: ObjectRef, _content_type: str) -> Target:
        storage_id = f"s3-{len(self.open) + 1}-{ref.key}"
        self.open[storage_id] = {}
        return Target(ref, storage_id)

    async def sign(self, target: Target, number: int, size: int, seconds: int) -> str:
        return f"https://s3.test/{target.storage_id}?part={number}&size={size}&expires={seconds}"

    def send(self, storage_id: str, number: int, content: bytes) -> str:
        """What the store does with a part, and its ETag."""
        self.open[storage_id][number] = content
        return md5(content, usedforsecurity=False).hexdigest()

    async def there(self, target: Target) -> tuple[Part, ...]:
        parts = sorted(self._of(target).items())
        return tuple(Part(n, md5(each, usedforsecurity=False).hexdigest(), len(each)) for n, each in parts)

    async def join(self, target: Target, parts: Sequence[Part]) -> None:
        come = self._of(target)
        self.bucket.put(target.ref.key, b"".join(come[part.number] for part in parts))
        del self.open[target.storage_id]

    async def give_up(self, target: Target) -> bool:
        self.open.pop(target.storage_id, None)
        return True

    def _of(self, target: Target) -> dict[int, bytes]:
        if target.storage_id not in self.open:
            raise Permanent("listing an upload's parts: there is no such object", reason="not_found")
        return self.open[target.storage_id]


class FakeLimiter:
    """Lets so many requests of a client through."""

    def __init__(self, allowed: int = 1000) -> None:
        self.left = allowed

    async def seconds_to_wait(self, client: str) -> int | None:
        self.left -= 1
        return 7 if self.left < 0 else None


@dataclass
class FakeCache:
    """Answers in memory."""

    kept: dict[str, bytes] = field(default_factory=dict)

    async def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    async def set(self, name: str, answer: bytes) -> None:
        self.kept[name] = answer

    async def forget(self, names: Collection[str]) -> None:
        for name in names:
            self.kept.pop(name, None)
