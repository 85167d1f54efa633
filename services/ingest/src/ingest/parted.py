"""A recording that comes in parts: how it is cut, and what has to be there before it is a recording."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from common.model import CallId, CallMetadata, Noun, ObjectRef, TenantId
from common.parts import Part, Target

MEBIBYTE: Final = 1024**2
SMALLEST_PART: Final = 16 * MEBIBYTE  # S3 takes no part below 5 MiB, the last one excepted
MOST_PARTS: Final = 1000  # addresses of one answer; S3 takes ten thousand


class PartedUpload(Noun):
    """One that was announced: what will come, where to, and whose call it will be."""

    id: str
    tenant_id: TenantId
    call_id: CallId
    recording: ObjectRef
    storage_id: str
    size: int
    part_size: int
    metadata: CallMetadata
    begun_at: datetime
    expires_at: datetime
    joined: bool = False

    @property
    def target(self) -> Target:
        """The object that is to be."""
        return Target(self.recording, self.storage_id)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of its parts, in bytes."""
        whole, rest = divmod(self.size, self.part_size)
        return (self.part_size,) * whole + ((rest,) if rest else ())


def part_size(size: int) -> int:
    """Whole mebibytes, the same for the same size, so that the same recording has the same parts."""
    least = -(-size // MOST_PARTS)
    return max(SMALLEST_PART, -(-least // MEBIBYTE) * MEBIBYTE)


def amiss(upload: PartedUpload, there: Iterable[Part], told: Mapping[int, str]) -> tuple[str, ...]:
    """Why these parts are not the announced recording; nothing where they are.

    *told* are the ETags that the client was given for its parts, empty where it could not see them.
    """
    found = {part.number: part for part in there}
    wanted = dict(enumerate(upload.sizes, start=1))
    strange = sorted((found.keys() | told.keys()) - wanted.keys())
    return (
        *(f"part {number} was not announced" for number in strange),
        *(
            why
            for number, size in wanted.items()
            if (why := _amiss(number, size, found.get(number), told.get(number)))
        ),
    )


def _amiss(number: int, size: int, part: Part | None, etag: str | None) -> str | None:
    if part is None or etag is None:
        return f"part {number} has not come" if part is None else f"part {number} is not named"
    if part.size != size:
        return f"part {number} has {part.size} bytes instead of {size}"
    if etag.strip('"') not in {"", part.etag}:
        return f"part {number} is not the one that was sent: its ETag is another"
    return None


def fingerprint(upload: PartedUpload, parts: Sequence[Part]) -> str:
    """What tells one recording from another: S3's ETags of its parts are digests of their content."""
    told = "|".join([str(upload.size), str(upload.part_size), *(part.etag for part in parts)])
    return sha256(told.encode()).hexdigest()
