"""Recordings in S3: written in parts, fetched to disk, told apart from what is not there."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, Self

import httpx
import pytest
from aiobotocore.config import AioConfig
from common.errors import Permanent, PipelineError, Transient
from common.model import ObjectRef
from common.recordings import PART, RecordingBucket
from faststream_sqs.sessions import open_session

KEY = "acme/2026/11/call 42+ü.wav"


@pytest.fixture
def recordings(s3: Any) -> RecordingBucket:
    return RecordingBucket(s3)


@pytest.fixture
def ref(bucket: str) -> ObjectRef:
    return ObjectRef(bucket=bucket, key=KEY)


def noise(size: int) -> bytes:
    """The same bytes every time."""
    return Random(size).randbytes(size)


@pytest.mark.parametrize(
    "size", [0, 1, PART, PART + 1, 2 * PART + 4711], ids=["none", "one", "a part", "a bit more", "three"]
)
async def test_what_is_put_is_fetched(
    recordings: RecordingBucket, ref: ObjectRef, tmp_path: Path, size: int
) -> None:
    """Byte for byte, however many parts it takes."""
    content = noise(size)

    put = await recordings.put_file(ref, BytesIO(content), "audio/wav")

    assert size == await recordings.fetch(put, tmp_path / "call.wav")
    assert hashlib.sha256(content).digest() == hashlib.sha256((tmp_path / "call.wav").read_bytes()).digest()
    assert size == (await recordings.stat(ref)).size_bytes


async def test_a_file_is_written_from_its_start(
    recordings: RecordingBucket, ref: ObjectRef, tmp_path: Path
) -> None:
    """Whoever looked into it before left it somewhere else."""
    file = BytesIO(b"RIFF and the rest")
    file.seek(4)

    await recordings.put_file(ref, file, "audio/wav")

    assert b"RIFF and the rest" == await recordings.read(ref, 100)


async def test_stat_knows_what_put_returned(recordings: RecordingBucket, ref: ObjectRef) -> None:
    """The reference of an upload and a look at the object name the same state of it."""
    put = await recordings.put_file(ref, BytesIO(b"one"), "audio/wav")

    assert put.etag == (await recordings.stat(ref)).etag


async def test_an_upload_that_breaks_leaves_nothing(
    recordings: RecordingBucket, ref: ObjectRef, s3: Any
) -> None:
    """No half object, and no parts that somebody pays for."""

    class Broken(BytesIO):
        """Fails after the first part."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= PART:
                raise OSError("the disk is gone")
            return super().read(size)

    with pytest.raises(OSError, match="the disk is gone"):
        await recordings.put_file(ref, Broken(noise(PART + 1)), "audio/wav")

    assert "not_found" == await failure(recordings.stat(ref))
    assert [] == (await s3.list_multipart_uploads(Bucket=ref.bucket)).get("Uploads", [])


async def failure(asked: Any) -> str:
    """The reason of a permanent failure."""
    with pytest.raises(Permanent) as error:
        await asked
    return error.value.reason


Ask = Callable[[RecordingBucket, ObjectRef, Path], Any]


@pytest.mark.parametrize(
    "ask",
    [
        lambda recordings, ref, _: recordings.stat(ref),
        lambda recordings, ref, folder: recordings.fetch(ref, folder / "call.wav"),
        lambda recordings, ref, _: recordings.read(ref, 100),
    ],
    ids=["stat", "fetch", "read"],
)
@pytest.mark.parametrize("change", [{}, {"bucket": "no-such-bucket-anywhere"}], ids=["object", "bucket"])
async def test_what_is_missing_will_not_come(
    recordings: RecordingBucket, ref: ObjectRef, tmp_path: Path, ask: Ask, change: dict[str, str]
) -> None:
    """A missing object, or bucket, is a permanent failure with a name."""
    assert "not_found" == await failure(ask(recordings, ref.model_copy(update=change), tmp_path))


async def test_another_object_under_the_same_key_is_not_taken_for_it(
    recordings: RecordingBucket, ref: ObjectRef, tmp_path: Path
) -> None:
    """What was announced is named by its ETag; overwritten, it is refused."""
    announced = await recordings.put_file(ref, BytesIO(b"one"), "audio/wav")
    await recordings.put_file(ref, BytesIO(b"two"), "audio/wav")

    assert "changed" == await failure(
        recordings.fetch(announced.model_copy(update={"version": None}), tmp_path / "call.wav")
    )


async def test_a_document_is_read_whole_or_not_at_all(recordings: RecordingBucket, ref: ObjectRef) -> None:
    """At most so many bytes, in whatever script."""
    await recordings.put_json(ref, {"agent": "Søren"})

    assert '{"agent": "Søren"}'.encode() == await recordings.read(ref, 19)
    assert "too_large" == await failure(recordings.read(ref, 18))


async def test_what_is_held_in_memory_is_written_in_one_request(
    recordings: RecordingBucket, ref: ObjectRef
) -> None:
    """Larger than a part of an upload, and with its media type."""
    body = noise(2**23 + 1)
    await recordings.put(ref, body, "text/vtt")
    url = await recordings.presign(ref, 60)
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)

    assert (body, "text/vtt") == (answer.content, answer.headers["content-type"])


async def test_a_presigned_link_plays_from_anywhere(recordings: RecordingBucket, ref: ObjectRef) -> None:
    """Whoever has the link needs no key, and can ask for a range."""
    content = noise(5000)
    put = await recordings.put_file(ref, BytesIO(content), "audio/wav")
    url = await recordings.presign(put, 60)

    async with httpx.AsyncClient() as client:
        whole, part = await client.get(url), await client.get(url, headers={"Range": "bytes=1000-1999"})

    assert (200, content) == (whole.status_code, whole.content)
    assert (206, content[1000:2000]) == (part.status_code, part.content)
    assert "bytes 1000-1999/5000" == part.headers["content-range"]


class _Answers:
    """A body that ends before its length."""

    async def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": _Body(b"half"), "ContentLength": 8}


class _Body(BytesIO):
    """As aiobotocore streams it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def read(self, size: int) -> bytes:  # type: ignore[override]
        return super().read(size)


async def test_half_a_recording_is_not_a_recording(tmp_path: Path) -> None:
    """A body that ends early is fetched again, not transcribed."""
    with pytest.raises(Transient) as error:
        await RecordingBucket(_Answers()).fetch(ObjectRef(bucket="audio", key="k"), tmp_path / "call.wav")

    assert "truncated_download" == error.value.reason


@asynccontextmanager
async def breaking_off() -> AsyncIterator[Any]:
    """A client of a store that closes the connection in the middle of every body."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 100000\r\n\r\n' + bytes(1000))
        await writer.drain()
        writer.close()

    config = AioConfig(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_session().create_client(
            "s3", region_name="us-east-1", endpoint_url=url, config=config
        ) as s3:
            yield s3


async def test_a_body_that_breaks_off_is_worth_another_try(tmp_path: Path) -> None:
    """A connection lost in the middle is the store's fault, not the recording's and not ours."""
    ref = ObjectRef(bucket="audio", key="k")
    async with breaking_off() as s3:
        for reading in (
            RecordingBucket(s3).fetch(ref, tmp_path / "call.wav"),
            RecordingBucket(s3).read(ref, 100_000),
        ):
            with pytest.raises(Transient) as error:
                await reading
            assert "storage_unavailable" == error.value.reason


async def test_a_store_out_of_reach_is_worth_another_try() -> None:
    """Connection errors of the SDK come out as ours."""
    config = AioConfig(retries={"total_max_attempts": 1})
    async with open_session().create_client(
        "s3", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", config=config
    ) as s3:
        with pytest.raises(PipelineError) as error:
            await RecordingBucket(s3).stat(ObjectRef(bucket="audio", key="k"))

    assert (Transient, "storage_unavailable") == (type(error.value), error.value.reason)
