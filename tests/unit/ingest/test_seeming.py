"""What is plainly no recording is told by its first bytes; what may be one is left alone."""

from io import BytesIO
from pathlib import Path
from tarfile import TarFile, TarInfo
from typing import Any
from zipfile import ZipFile

import av
import pytest
from ingest.seeming import HEAD, seeming
from ingest_scene import wav


def zipped() -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as file:
        file.writestr("call.wav", wav(0.1))
    return archive.getvalue()


def tarred() -> bytes:
    archive = BytesIO()
    with TarFile(fileobj=archive, mode="w") as file:
        file.addfile(TarInfo("call.wav"))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "an image"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "an image"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "an image"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "an image"),
        (zipped(), "a ZIP archive or an Office document"),
        (tarred(), "an archive"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "an archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "an Office document"),
        (b"\x7fELF\x02\x01\x01\x00", "a program"),
        (b"\n <!DOCTYPE html><title>Not found</title>", "an HTML page"),
        (b"Agent: hello.\r\nCustomer: hello.\r\n", "a text"),
        ("Ügyfél: jó napot!\n".encode(), "a text"),
        ("Kunde: grüß Gott".encode("utf-16"), "a text"),
        (b'{"utterances": []}', "a text"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n", "a text"),
        (("ő" * HEAD).encode()[: HEAD - 1], "a text"),
    ],
)
def test_what_it_seems_to_be_is_told(content: bytes, kind: str) -> None:
    """A letter that is cut off at the end of what is looked at is no fault."""
    assert kind == seeming(content[:HEAD])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        wav(0.1),
        bytes(5000),
        b"RIFF\x24\x00\x00\x00WAVE",
        b"#!AMR\n",
        b"#!AMR-WB\n" + b"\x04\x10\x20",
        b"ID3\x04\x00\x00\x00\x00\x00\x00",
        b"\xff\xfb\x90\x64" + bytes(100),
        b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00",
        b"caff\x00\x01\x00\x00",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
        "naïve".encode("latin-1"),
    ],
)
def test_what_may_be_a_recording_is_none_of_them(content: bytes) -> None:
    """Damaged ones, too: they are heard as far as they go."""
    assert seeming(content[:HEAD]) is None


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_alaw"), ("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus"), ("webm", "libopus"),
     ("mp4", "aac"), ("adts", "aac"), ("aiff", "pcm_s16be"), ("au", "pcm_mulaw"), ("caf", "pcm_s16le"),
     ("mpegts", "aac"), ("w64", "pcm_s16le")],
)  # fmt: skip
def test_no_container_that_is_taken_seems_to_be_something_else(
    tmp_path: Path, container: str, codec: str
) -> None:
    """As FFmpeg writes them."""
    path = tmp_path / "recording"
    with av.open(str(path), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame("s16", "mono", 960)
        frame.sample_rate, frame.pts = 48_000, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        resampler = av.AudioResampler(stream.codec_context.format, "mono", 48_000, 960)
        for each in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(each))
        file.mux(stream.encode(None))

    assert seeming(path.read_bytes()[:HEAD]) is None
