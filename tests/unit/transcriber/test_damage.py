"""What was lost of a recording, and that what was not keeps its place in time."""

import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from common.errors import Permanent
from common.model import Damage
from numpy.typing import NDArray
from transcriber import audio
from transcriber.audio import Decoded
from transcriber.losses import Loss, Losses
from transcriber.threads import Stop
from transcriber.tracks import Allowance

RATE = 16_000
Decode = Callable[..., Decoded]
Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]


@pytest.fixture
def decode(tmp_path: Path) -> Decode:
    folder = tmp_path / "decoded"
    folder.mkdir()
    return lambda path, seconds=7200.0: audio.decode(path, folder, Allowance(seconds, 2**32), Stop())


@pytest.fixture
def marked(make_voice: Make, make_silence: Make) -> Callable[[int], NDArray[np.int16]]:
    """Twelve seconds of a soft voice, and a loud second from the tenth on: what must not move."""

    def write(rate: int = RATE) -> NDArray[np.int16]:
        soft = make_voice(12, rate) // 20
        soft[10 * rate : 11 * rate] = make_voice(1, rate, 300.0)
        return soft

    return write


def loud_from(decoded: Decoded) -> float:
    """When the loud second begins, in seconds."""
    windows = np.fromfile(decoded.channels[0], "<i2")
    windows = np.abs(windows[: len(windows) // 160 * 160].reshape(-1, 160)).max(axis=1)
    return float(np.flatnonzero(windows > 3_000)[0]) / 100


def told(decoded: Decoded) -> list[tuple[str, float, float | None]]:
    """Kind, second and lost seconds, to a tenth."""
    return [
        (
            each.what,
            round(each.at_ms / 1000, 1),
            None if each.lost_ms is None else round(each.lost_ms / 1000, 1),
        )
        for each in decoded.damage
    ]


def spoil(path: Path, first: float, size: int) -> None:
    """Overwrite *size* bytes from the share *first* of the file on."""
    content = bytearray(path.read_bytes())
    start = int(len(content) * first)
    content[start : start + size] = np.random.default_rng(1).integers(0, 256, size, np.uint8).tobytes()
    path.write_bytes(content)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


CLEAN = [
    ("libmp3lame", "mp3", 8_000),
    ("libmp3lame", "mp3", 16_000),
    ("libmp3lame", "mp3", 44_100),
    ("libopus", "ogg", 48_000),
    ("libopus", "webm", 48_000),
    ("aac", "ipod", 44_100),
    ("flac", "flac", 16_000),
]


@pytest.mark.parametrize(("codec", "container", "rate"), CLEAN)
def test_encoders_delays_move_nothing(
    record: Record,
    marked: Callable[[int], NDArray[np.int16]],
    decode: Decode,
    codec: str,
    container: str,
    rate: int,
) -> None:
    """LAME's delay, an edit list, pre-skip: the tenth second is there, to the window of 10 ms."""
    decoded = decode(record(marked(rate), codec=codec, container=container, rate=rate))

    assert 10.0 == pytest.approx(loud_from(decoded), abs=0.02)
    assert () == decoded.damage


def test_a_recording_may_begin_at_any_time(
    record: Record, marked: Callable[[int], NDArray[np.int16]], decode: Decode
) -> None:
    """Players subtract a first stamp of 7.5 s, and so do we."""
    path = record(marked(48_000), codec="libopus", container="webm", rate=48_000, delays=((-1, 7.5),))

    decoded = decode(path)

    assert 12.0 == pytest.approx(decoded.samples / RATE, abs=0.01)
    assert () == decoded.damage
    assert 10.0 == pytest.approx(loud_from(decoded), abs=0.02)


def test_a_pause_of_the_recorder_is_kept(
    record: Record, marked: Callable[[int], NDArray[np.int16]], decode: Decode
) -> None:
    """Three seconds in which it stood still are three seconds of silence, and are noted."""
    path = record(marked(48_000), codec="libopus", container="webm", rate=48_000, delays=((6, 3.0),))

    decoded = decode(path)

    assert [("clock_jump", 6.0, 3.0)] == told(decoded)
    assert 13.0 == pytest.approx(loud_from(decoded), abs=0.02)


@pytest.mark.parametrize("hours", [2, 100])
def test_a_clock_that_leaps_for_hours_is_not_believed(
    record: Record, marked: Callable[[int], NDArray[np.int16]], decode: Decode, hours: int
) -> None:
    """No hours of silence are made of a wrong stamp; it is noted, and samples are counted on."""
    path = record(
        marked(48_000), codec="libopus", container="webm", rate=48_000, delays=((6, hours * 3600.0),)
    )

    decoded = decode(path, 10 * 3600.0)

    assert ("clock_jump", 6.0, None) in told(decoded)
    assert 10.0 == pytest.approx(loud_from(decoded), abs=0.02)


def test_silence_for_what_is_missing_counts_as_length(
    record: Record, marked: Callable[[int], NDArray[np.int16]], decode: Decode
) -> None:
    """Pauses of half an hour each soon make a recording that is too long."""
    path = record(
        marked(48_000),
        codec="libopus",
        container="webm",
        rate=48_000,
        delays=((4, 1800.0), (6, 1800.0), (8, 1800.0)),
    )

    with pytest.raises(Permanent) as refusal:
        decode(path, 3600.0)

    assert "too_long" == refusal.value.reason


def test_a_lost_page_of_an_ogg_brings_nothing_forward(
    record: Record, marked: Callable[[int], NDArray[np.int16]], decode: Decode
) -> None:
    """The second it held is silence, and what follows comes when it was said."""
    path = record(marked(48_000), codec="libopus", container="ogg", rate=48_000)
    pages = path.read_bytes().split(b"OggS")
    path.write_bytes(b"OggS".join(pages[:7] + pages[8:]))

    decoded = decode(path)

    assert [("clock_jump", 1.0)] == [(what, lost) for what, _, lost in told(decoded)]
    assert 10.0 == pytest.approx(loud_from(decoded), abs=0.02)


@pytest.mark.parametrize(
    ("codec", "container", "rate", "kind"),
    [
        ("aac", "ipod", 16_000, "undecodable"),
        ("flac", "flac", 16_000, "clock_jump"),
    ],
)
def test_what_follows_a_broken_stretch_stays_in_place(
    record: Record,
    marked: Callable[[int], NDArray[np.int16]],
    decode: Decode,
    codec: str,
    container: str,
    rate: int,
    kind: str,
) -> None:
    """Half a second or so cannot be decoded; silence as long stands for it."""
    path = record(marked(rate), codec=codec, container=container, rate=rate)
    spoil(path, 0.5, 3_000)

    decoded = decode(path)

    assert {kind} == {what for what, _, _ in told(decoded)}
    assert 12.0 == pytest.approx(decoded.samples / RATE, abs=0.25)
    assert 10.0 == pytest.approx(loud_from(decoded), abs=0.07)


@pytest.mark.parametrize(
    ("codec", "container", "rate", "options", "lost"),
    [
        ("pcm_s16le", "wav", 8_000, {}, 6.0),
        ("adpcm_ms", "wav", 8_000, {}, 6.1),
        ("flac", "flac", 16_000, {}, 5.9),
        ("libmp3lame", "mp3", 16_000, {}, 6.0),
        ("aac", "mp4", 16_000, {"movflags": "+faststart"}, 6.0),
        ("libopus", "webm", 48_000, {}, 6.0),
        ("libopus", "ogg", 48_000, {}, None),
        ("aac", "adts", 16_000, {}, 0.1),
    ],
)
def test_half_a_recording_is_half_a_call_and_says_so(
    record: Record,
    make_voice: Make,
    decode: Decode,
    codec: str,
    container: str,
    rate: int,
    options: dict[str, str],
    lost: float | None,
) -> None:
    """How much is missing is told where the container knew; an Ogg only knows that it has no end."""
    path = record(make_voice(12, rate), codec=codec, container=container, rate=rate, options=options)
    halve(path)

    decoded = decode(path)

    assert 6.0 == pytest.approx(decoded.samples / RATE, abs=0.8)
    assert ["cut_off"] == [what for what, _, _ in told(decoded)]
    assert lost == pytest.approx(told(decoded)[0][2], abs=0.8) if lost else told(decoded)[0][2] is None


def test_a_false_end_in_the_middle_is_no_damage(record: Record, make_voice: Make, decode: Decode) -> None:
    """Garbage between the frames of an MP3 makes it claim more than it is; but all of it came."""
    path = record(make_voice(12), codec="libmp3lame", container="mp3")
    content = path.read_bytes()
    path.write_bytes(content[:18_000] + bytes(6_000) + content[18_000:])

    decoded = decode(path)

    assert 12.0 == pytest.approx(decoded.samples / RATE, abs=0.1)
    assert "cut_off" not in {what for what, _, _ in told(decoded)}


def test_a_wav_that_claims_half_is_half(record_wav: Record, make_voice: Make, decode: Decode) -> None:
    """What lies after the claimed end is not sound."""
    path = record_wav(make_voice(4))
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 2 * RATE * 2)
    path.write_bytes(content)

    assert 2 * RATE == decode(path).samples


def test_an_m4a_without_its_index_is_unreadable(record: Record, make_voice: Make, decode: Decode) -> None:
    """It comes last, and is the first to go."""
    path = record(make_voice(4), codec="aac", container="ipod")
    halve(path)

    with pytest.raises(Permanent) as refusal:
        decode(path)

    assert "unreadable_audio" == refusal.value.reason


def test_another_channel_count_for_a_moment_is_told(record: Record, make_voice: Make, decode: Decode) -> None:
    """Half a second of mono at the end of a stereo MP3."""
    voice = make_voice(2)
    first = record(voice, voice, codec="libmp3lame", container="mp3", name="first")
    second = record(make_voice(0.5), codec="libmp3lame", container="mp3", name="second")
    first.write_bytes(first.read_bytes() + second.read_bytes())

    assert "other_channels" in {what for what, _, _ in told(decode(first))}


def test_neighbouring_losses_are_told_as_one() -> None:
    """Lost seconds are added up; another kind, or two seconds of sound between, is another loss."""
    losses = Losses()
    for at in (1.0, 2.0, 3.0, 9.0):
        losses.note(Loss("undecodable", at, 0.5))
    losses.note(Loss("clock_jump", 9.6, None))

    assert (
        Damage(what="undecodable", at_ms=1_000, lost_ms=1_500, times=3),
        Damage(what="undecodable", at_ms=9_000, lost_ms=500),
        Damage(what="clock_jump", at_ms=9_600),
    ) == losses.damage


def test_ten_thousand_losses_are_told_in_few_words() -> None:
    """What is kept with a transcript stays small, and nothing of it goes uncounted."""
    losses = Losses()
    for n in range(10_000):
        losses.note(Loss("undecodable" if n % 2 else "clock_jump", 10.0 * n, 0.1))

    assert len(losses.damage) <= 204
    assert 10_000 == sum(each.times for each in losses.damage)
    assert 1_000_000 == sum(each.lost_ms or 0 for each in losses.damage)
    assert all(one.at_ms <= other.at_ms for one, other in pairwise(losses.damage))
