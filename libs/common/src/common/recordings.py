"""Recordings and transcripts in S3: fetched to disk, never held in memory."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from common.errors import Permanent, PipelineError, Transient
from common.model import ObjectRef

PART = 8 * 1024 * 1024  # bytes; what one request carries, and all that is held in memory
_MARKERS = ("KeyMarker", "VersionIdMarker")
_GONE = {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "NoSuchUpload", "404"}
_DENIED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class ObjectStat(ObjectRef):
    """An object that was seen to exist, with its size in bytes and its user metadata."""

    size_bytes: int


class RecordingBucket:
    """Objects in S3, by reference."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    async def stat(self, ref: ObjectRef) -> ObjectStat:
        """Look at an object without reading it.

        Raises:
            Permanent: ``not_found`` or ``forbidden``.
        """
        answer = await self._call("looking at an object", self._s3.head_object, **_address(ref))
        return ObjectStat(
            bucket=ref.bucket,
            key=ref.key,
            version=ref.version or _version(answer),
            etag=answer["ETag"].strip('"'),
            size_bytes=answer["ContentLength"],
        )

    async def fetch(self, ref: ObjectRef, path: Path) -> int:
        """Stream an object to *path*; return its size in bytes.

        Raises:
            Transient: the body ended early, or the object changed while it was read.
        """
        answer = await self._call(
            "fetching an object", self._s3.get_object, **_address(ref), **_if_match(ref)
        )
        written = 0
        with storing("fetching an object"):
            async with answer["Body"] as body:
                with await asyncio.to_thread(path.open, "wb") as file:
                    async for block in _blocks(body):
                        await asyncio.to_thread(file.write, block)
                        written += len(block)
        if written != answer["ContentLength"]:
            raise Transient("an object's body ended early", reason="truncated_download")
        return written

    async def read(self, ref: ObjectRef, limit: int) -> bytes:
        """A small object's content, of at most *limit* bytes.

        Raises:
            Permanent: it is larger than that (``too_large``), missing or forbidden.
        """
        answer = await self._call("reading an object", self._s3.get_object, **_address(ref))
        if answer["ContentLength"] > limit:
            raise Permanent(f"an object of at most {limit} bytes was expected here", reason="too_large")
        with storing("reading an object"):
            async with answer["Body"] as body:
                return bytes(await body.read())

    async def put_json(self, ref: ObjectRef, content: Any) -> None:
        """Write a small JSON document."""
        await self.put(ref, json.dumps(content, ensure_ascii=False).encode(), "application/json")

    async def put(self, ref: ObjectRef, body: bytes, content_type: str) -> None:
        """Write what is held in memory, in one request."""
        await self._call(
            "writing an object",
            self._s3.put_object,
            Bucket=ref.bucket,
            Key=ref.key,
            Body=body,
            ContentType=content_type,
        )

    async def put_file(self, ref: ObjectRef, file: BinaryIO, content_type: str) -> ObjectRef:
        """Write an open file from its start, part by part; return the reference with its ETag and version."""
        upload = await self._call(
            "starting an upload",
            self._s3.create_multipart_upload,
            Bucket=ref.bucket,
            Key=ref.key,
            ContentType=content_type,
        )
        target = {"Bucket": ref.bucket, "Key": ref.key, "UploadId": upload["UploadId"]}
        try:
            parts = await self._put_parts(target, file)
            done = await self._call(
                "completing an upload",
                self._s3.complete_multipart_upload,
                **target,
                MultipartUpload={"Parts": parts},
            )
        except BaseException:
            with suppress(PipelineError):  # what is left over, the bucket's lifecycle rule removes
                await asyncio.shield(
                    self._call("giving an upload up", self._s3.abort_multipart_upload, **target)
                )
            raise
        return ref.model_copy(update={"etag": done["ETag"].strip('"'), "version": _version(done)})

    async def erase(self, ref: ObjectRef) -> None:
        """Remove an object in all its versions; one that is not there is no fault."""
        await self._erase(ref.bucket, ref.key, lambda key: key == ref.key)

    async def erase_under(self, bucket: str, folder: str) -> None:
        """Remove every object of a *folder*, which ends in a slash, in all its versions."""
        await self._erase(bucket, folder, lambda _: True)

    async def presign(self, ref: ObjectRef, expires: int) -> str:
        """A URL that reads this object for *expires* seconds, ranges included."""
        return str(
            await self._s3.generate_presigned_url("get_object", Params=_address(ref), ExpiresIn=expires)
        )

    async def _erase(self, bucket: str, prefix: str, chosen: Callable[[str], bool]) -> None:
        place, page = {"Bucket": bucket, "Prefix": prefix}, {"IsTruncated": True}
        while page["IsTruncated"]:
            page = await self._call("listing versions", self._s3.list_object_versions, **place)
            for row in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if chosen(row["Key"]):
                    doomed = {"Bucket": bucket, "Key": row["Key"], "VersionId": row["VersionId"]}
                    await self._call("erasing an object", self._s3.delete_object, **doomed)
            place |= {name: page[f"Next{name}"] for name in _MARKERS if f"Next{name}" in page}

    async def _put_parts(self, target: dict[str, str], file: BinaryIO) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        await asyncio.to_thread(file.seek, 0)
        while (block := await asyncio.to_thread(file.read, PART)) or not parts:  # S3 wants one, if empty
            number = len(parts) + 1
            answer = await self._call(
                "uploading a part", self._s3.upload_part, **target, PartNumber=number, Body=block
            )
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        return parts

    @staticmethod
    async def _call(what: str, method: Any, **arguments: Any) -> Any:
        with storing(what):
            return await method(**arguments)


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Translate what S3's client raises, and what a body raises while it is read."""
    try:
        yield
    except ClientError as error:
        raise _ours(what, error) from error
    # A store that sends everybody elsewhere is asked by botocore for the bucket's region, without end.
    except (BotoCoreError, aiohttp.ClientError, OSError, RecursionError) as error:
        raise Transient(f"{what}: {type(error).__name__}", reason="storage_unavailable") from error


def _ours(what: str, error: ClientError) -> PipelineError:
    code = str(error.response["Error"].get("Code", ""))
    if code in _GONE:
        return Permanent(f"{what}: there is no such object", reason="not_found")
    if code in _DENIED:
        return Permanent(f"{what}: access is denied; check this service's role", reason="forbidden")
    if code in {"PreconditionFailed", "412"}:
        return Permanent(f"{what}: it is no longer the object that was announced", reason="changed")
    return Transient(f"{what}: {code}", reason="storage_unavailable")


def _address(ref: ObjectRef) -> dict[str, str]:
    version = {} if ref.version is None else {"VersionId": ref.version}
    return {"Bucket": ref.bucket, "Key": ref.key, **version}


def _if_match(ref: ObjectRef) -> dict[str, str]:
    return {} if ref.etag is None or ref.version else {"IfMatch": f'"{ref.etag}"'}


def _version(answer: dict[str, Any]) -> str | None:
    version = answer.get("VersionId")
    return None if version in {None, "null"} else str(version)


async def _blocks(body: Any) -> Any:
    while block := await body.read(PART):
        yield block
