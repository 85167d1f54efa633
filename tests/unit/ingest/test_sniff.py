"""A stranger's file is looked into, and nothing it points at."""

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from common.errors import Permanent
from ingest.recording import Probe
from ingest.sniff import sniff


def write_wav(path: Path, *, rate: int = 8000, channels: int = 2, seconds: float = 1.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(rate * seconds) * 2 * channels))
    return path


def encode(path: Path, container: str, codec: str, rate: int = 16_000) -> Path:
    with av.open(str(path), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=rate, layout="mono")
        samples = np.zeros((1, rate), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size or 0)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return path


async def reason(path: Path) -> str:
    with pytest.raises(Permanent) as caught:
        await sniff(path)
    return caught.value.reason


async def test_a_wav_tells_its_figures(tmp_path: Path) -> None:
    """Container, codec, rate, channels and length are read from the header, whatever the name."""
    assert Probe("wav", "pcm_s16le", 8000, 2, 1500) == await sniff(write_wav(tmp_path / "recording.mp3"))


@pytest.mark.parametrize(
    ("container", "codec", "expected"),
    [
        ("flac", "flac", ("flac", "flac")),
        ("mp4", "aac", ("mov", "aac")),
        ("ogg", "libopus", ("ogg", "opus")),
        ("webm", "libopus", ("matroska", "opus")),
        ("mp3", "libmp3lame", ("mp3", "mp3float")),
    ],
)
async def test_the_usual_containers_are_known(
    tmp_path: Path, container: str, codec: str, expected: tuple[str, str]
) -> None:
    """What recorders make is opened by content, under a name that says nothing."""
    rate = 48_000 if codec == "libopus" else 16_000
    probe = await sniff(encode(tmp_path / "recording", container, codec, rate))

    assert expected == (probe.container, probe.codec)
    assert (rate, 1) == (probe.sample_rate, probe.channels)


@pytest.mark.parametrize(
    "content",
    [b"", bytes(5000), b"RIFF\x24\x00\x00\x00WAVE"],
    ids=["empty", "zeros", "cut header"],
)
async def test_what_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    """A sentence says so, and no name of a class is in it."""
    path = tmp_path / "recording"
    path.write_bytes(content)
    with pytest.raises(Permanent) as refusal:
        await sniff(path)

    assert "unreadable_audio" == refusal.value.reason
    assert "it is damaged, or none of wav" in str(refusal.value)
    assert "Error" not in str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a text",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n",
        b"ffconcat version 1.0\nfile neighbour.wav\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        b"1\n00:00:00,000 --> 00:00:01,000\nsubtitle\n",
    ],
    ids=["text", "playlist", "concat", "sdp", "subtitles"],
)
async def test_what_is_no_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    """Texts and scripts hold no sound, and a script's neighbours stay closed."""
    write_wav(tmp_path / "neighbour.wav")
    path = tmp_path / "recording"
    path.write_bytes(content)

    assert "no_audio_stream" == await reason(path)


@pytest.mark.parametrize("name", ["list.m3u8", "list.wav"])
async def test_a_playlist_of_local_files_is_not_played(tmp_path: Path, name: str) -> None:
    """Not even under the name that makes FFmpeg take it for one."""
    neighbour = write_wav(tmp_path / "neighbour.wav")
    path = tmp_path / name
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{neighbour}\n#EXT-X-ENDLIST\n")

    assert "no_audio_stream" == await reason(path)


async def test_a_film_without_sound_has_no_audio(tmp_path: Path) -> None:
    """A container that opens but holds no audio says so."""
    path = tmp_path / "recording"
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        file.mux(stream.encode(None))

    assert "no_audio_stream" == await reason(path)
