"""Recordings that come in parts: signed addresses, what has come, and what is joined."""

from typing import Any

import httpx
import pytest
from common.errors import Permanent
from common.model import ObjectRef
from common.parts import Part, PartBucket, Target
from common.recordings import RecordingBucket

SIZES = (5 * 1024**2, 5 * 1024**2, 4711)  # bytes; S3 takes no smaller part but the last
KEY = "default/2026/11/22/c-0123456789abcdef0123456789abcdef.wav"


@pytest.fixture
def parts(s3: Any) -> PartBucket:
    return PartBucket(s3)


@pytest.fixture
async def target(parts: PartBucket, bucket: str) -> Target:
    return await parts.begin(ObjectRef(bucket=bucket, key=KEY), "audio/wav")


def content(number: int) -> bytes:
    return bytes([number]) * SIZES[number - 1]


async def send(parts: PartBucket, target: Target, number: int, body: bytes) -> httpx.Response:
    """As a browser does: to the address alone, with nothing of ours."""
    address = await parts.sign(target, number, SIZES[number - 1], 60)
    async with httpx.AsyncClient() as client:
        return await client.put(address, content=body)


async def sent(parts: PartBucket, target: Target) -> list[str]:
    return [
        (await send(parts, target, number, content(number))).headers["etag"].strip('"')
        for number in range(1, len(SIZES) + 1)
    ]


async def refused(parts: PartBucket, target: Target, body: bytes) -> bool:
    """Told so, or hung up on in the middle of it."""
    try:
        return (await send(parts, target, 1, body)).is_client_error
    except httpx.TransportError:
        return True


async def test_parts_that_were_sent_are_joined(parts: PartBucket, target: Target, s3: Any) -> None:
    """Sizes and ETags are those of what was sent, and the object is all of them in order."""
    etags = await sent(parts, target)
    there = await parts.there(target)
    await parts.join(target, there)

    assert tuple(Part(n + 1, etag, SIZES[n]) for n, etag in enumerate(etags)) == there
    assert sum(SIZES) == (await RecordingBucket(s3).stat(target.ref)).size_bytes
    whole = await RecordingBucket(s3).read(target.ref, 2 * sum(SIZES))
    assert b"".join(content(n + 1) for n in range(len(SIZES))) == whole


async def test_a_part_sent_again_takes_the_place_of_the_first(parts: PartBucket, target: Target) -> None:
    """A client that heard no answer just repeats itself."""
    await sent(parts, target)
    etags = await sent(parts, target)

    assert etags == [part.etag for part in await parts.there(target)]


async def test_what_is_joined_is_no_upload_any_more(parts: PartBucket, target: Target) -> None:
    """Nobody can write to the object by an address that was signed before."""
    await sent(parts, target)
    await parts.join(target, await parts.there(target))

    assert await refused(parts, target, bytes(SIZES[0]))
    with pytest.raises(Permanent, match="no such object"):
        await parts.there(target)


async def test_what_is_given_up_leaves_nothing(parts: PartBucket, target: Target, s3: Any) -> None:
    """Neither parts nor an object; giving it up again is no failure."""
    await send(parts, target, 1, content(1))

    assert [True, True] == [await parts.give_up(target), await parts.give_up(target)]
    with pytest.raises(Permanent, match="no such object"):
        await parts.there(target)
    with pytest.raises(Permanent, match="no such object"):
        await RecordingBucket(s3).stat(target.ref)


async def test_more_parts_than_a_page_are_all_told(parts: PartBucket, target: Target, s3: Any) -> None:
    """However few of them the store tells at once."""
    await sent(parts, target)

    class Stingy:
        """Tells one at a time."""

        async def list_parts(self, **asked: Any) -> Any:
            return await s3.list_parts(**asked, MaxParts=1)

    assert list(SIZES) == [part.size for part in await PartBucket(Stingy()).there(target)]


async def test_an_address_is_for_one_part_of_one_size(parts: PartBucket, target: Target) -> None:
    """A body of another size is refused, or at least told by its true size when it is looked at."""
    answer = await send(parts, target, 3, bytes(SIZES[2] + 1))
    there = await parts.there(target)

    assert answer.is_client_error or [SIZES[2] + 1] == [part.size for part in there]
