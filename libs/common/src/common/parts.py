"""Objects that somebody else writes into S3 part by part, at addresses that we sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from common.errors import Permanent, Transient
from common.model import ObjectRef
from common.recordings import storing


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is there; parts count from 1, *size* is in bytes."""

    number: int
    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class Target:
    """An object that does not exist before its parts are joined."""

    ref: ObjectRef
    storage_id: str

    @property
    def address(self) -> dict[str, str]:
        """As S3's requests have it."""
        return {"Bucket": self.ref.bucket, "Key": self.ref.key, "UploadId": self.storage_id}


class PartBucket:
    """S3's uploads in parts."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    async def begin(self, ref: ObjectRef, content_type: str) -> Target:
        """Open one."""
        with storing("starting an upload"):
            begun = await self._s3.create_multipart_upload(
                Bucket=ref.bucket, Key=ref.key, ContentType=content_type
            )
        return Target(ref, begun["UploadId"])

    async def sign(self, target: Target, number: int, size: int, seconds: int) -> str:
        """An address that takes this part, of exactly so many bytes, by PUT."""
        wanted = {**target.address, "PartNumber": number, "ContentLength": size}
        return str(await self._s3.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=seconds))

    async def there(self, target: Target) -> tuple[Part, ...]:
        """The parts that have come.

        Raises:
            Permanent: ``not_found``: it was given up, or its parts are joined already.
        """
        found: list[Part] = []
        after, more = 0, True
        while more:
            with storing("listing an upload's parts"):
                page = await self._s3.list_parts(**target.address, PartNumberMarker=after)
            rows = page.get("Parts", [])
            found += [Part(row["PartNumber"], row["ETag"].strip('"'), row["Size"]) for row in rows]
            more = bool(page.get("IsTruncated")) and bool(rows)
            after = found[-1].number if found else 0
        return tuple(found)

    async def join(self, target: Target, parts: Sequence[Part]) -> None:
        """Make them one object."""
        named = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
        with storing("completing an upload"):
            await self._s3.complete_multipart_upload(**target.address, MultipartUpload={"Parts": named})

    async def give_up(self, target: Target) -> bool:
        """Let go of what has come; whether that is done. If not, the bucket's own rule does it in a week."""
        try:
            with storing("giving an upload up"):
                await self._s3.abort_multipart_upload(**target.address)
        except Permanent as error:
            return error.reason == "not_found"
        except Transient:
            return False
        return True
