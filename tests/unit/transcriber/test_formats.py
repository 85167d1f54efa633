"""What encoders of our own cannot write, files made by other programs, and the tracks beside the sound."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from transcriber import audio
from transcriber.audio import Decoded
from transcriber.threads import Stop
from transcriber.tracks import Allowance

Decode = Callable[[Path], Decoded]
Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]


@pytest.fixture
def decode(tmp_path: Path) -> Decode:
    folder = tmp_path / "decoded"
    folder.mkdir()
    return lambda path: audio.decode(path, folder, Allowance(3600.0, 2**30), Stop())


def loudness(decoded: Decoded) -> float:
    return float(np.sqrt(np.mean(np.fromfile(decoded.channels[0], "<i2").astype(float) ** 2)))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def wav(*, tag: int, rate: int, block: int, samples_per_block: int, content: bytes) -> bytes:
    rates = struct.pack(
        "<HHIIHHHH", tag, 1, rate, rate * block // samples_per_block, block, 0, 2, samples_per_block
    )
    body = b"WAVE" + chunk(b"fmt ", rates) + chunk(b"data", content)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_gsm_in_a_wav_is_read(tmp_path: Path, decode: Decode) -> None:
    """GSM 6.10 as Windows' recorders write it: blocks of 65 bytes, 320 samples each."""
    path = tmp_path / "recording"
    content = np.random.default_rng(1).integers(0, 256, 65 * 50, np.uint8).tobytes()
    path.write_bytes(wav(tag=0x31, rate=8_000, block=65, samples_per_block=320, content=content))

    decoded = decode(path)

    assert (2 * 320 * 50, ()) == (decoded.samples, decoded.damage)
    assert loudness(decoded) > 100


@pytest.mark.parametrize(("codec", "rate"), [("wmav1", 44_100), ("wmav2", 16_000), ("wmav2", 8_000)])
def test_wma_is_read_without_a_jump(
    record: Record, make_voice: Make, decode: Decode, codec: str, rate: int
) -> None:
    """Its stamps begin late, at 0.064 to 0.128 s; nothing is missing for that."""
    decoded = decode(record(make_voice(6, rate), codec=codec, container="asf", rate=rate, bit_rate=32_000))

    assert 96_000 == pytest.approx(decoded.samples, abs=2_000)
    assert () == decoded.damage


@pytest.mark.parametrize("options", [{"movflags": "+faststart"}, {"movflags": "+frag_keyframe+empty_moov"}])
def test_mp4_is_read_however_it_was_written(
    record: Record, make_voice: Make, decode: Decode, options: dict[str, str]
) -> None:
    """With its index first, or in fragments."""
    decoded = decode(record(make_voice(3), codec="aac", container="mp4", options=options))

    assert 48_000 == pytest.approx(decoded.samples, abs=1_700)
    assert () == decoded.damage


def test_the_sound_of_a_film_is_taken(tmp_path: Path, make_voice: Make, decode: Decode) -> None:
    """A video call's recording: its pictures are passed over."""
    path = tmp_path / "recording"
    sound = av.AudioFrame.from_ndarray(make_voice(1)[np.newaxis], format="s16", layout="mono")
    sound.sample_rate = 16_000
    with av.open(str(path), "w", format="mp4") as output:
        pictures: Any = output.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 32
        pictures.pix_fmt = "yuv420p"
        voice: Any = output.add_stream("aac", rate=16_000, layout="mono")
        for _ in range(10):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), format="yuv420p")
            output.mux(pictures.encode(picture))
        output.mux([*pictures.encode(None), *voice.encode(sound), *voice.encode(None)])

    assert 16_000 == pytest.approx(decode(path).samples, abs=1_500)


def test_a_cover_picture_is_passed_over(record: Record, make_voice: Make, decode: Decode) -> None:
    """An MP3 with an ID3 tag that holds one, as phones' recorders write it."""
    path = record(make_voice(2), codec="libmp3lame", container="mp3")
    picture = b"\x00image/png\x00\x03\x00" + b"\x89PNG\r\n\x1a\n" + bytes(3_000)
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\x00\x00" + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\x00\x00" + size + frame + path.read_bytes())

    decoded = decode(path)

    assert 32_000 == pytest.approx(decoded.samples, abs=800)
    assert () == decoded.damage


@pytest.mark.parametrize("name", ["recording.mp3", "recording.txt", "recording.m3u8", "recording.sdp"])
def test_a_wrong_extension_misleads_nobody(
    record: Record, make_voice: Make, decode: Decode, name: str
) -> None:
    """Content decides, whatever a stranger called it."""
    assert 16_000 == decode(record(make_voice(1), codec="flac", container="flac", name=name)).samples


@pytest.mark.parametrize("claim", [0, 2**32 - 1])
def test_a_wav_of_unknown_length_is_read_whole(
    record_wav: Record, make_voice: Make, decode: Decode, claim: int
) -> None:
    """Recorders that cannot go back write 0, or as much as fits; both mean: to the end."""
    path = record_wav(make_voice(2))
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = struct.pack("<I", claim)
    path.write_bytes(content)

    decoded = decode(path)

    assert (32_000, ()) == (decoded.samples, decoded.damage)


def test_a_wav_that_claims_a_hundred_hours_is_as_long_as_it_is(
    make_voice: Make, tmp_path: Path, decode: Decode
) -> None:
    """RF64: a claim of more than any call is no claim, and no time or memory is spent on it."""
    path = tmp_path / "recording"
    sound = make_voice(2).tobytes()
    claimed = 100 * 3600 * 16_000 * 2
    sizes = struct.pack("<QQQI", claimed + 72, claimed, claimed // 2, 0)
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
    path.write_bytes(
        b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", sizes) + form + b"data\xff\xff\xff\xff" + sound
    )

    decoded = decode(path)

    assert (32_000, ()) == (decoded.samples, decoded.damage)
