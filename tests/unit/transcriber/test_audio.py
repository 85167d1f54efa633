"""What becomes of recordings that strangers hand in."""

import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from common.errors import Permanent
from numpy.typing import NDArray
from transcriber import audio
from transcriber.audio import Decoded
from transcriber.threads import Stop, StoppedError
from transcriber.tracks import Allowance

ALLOWANCE = Allowance(3600.0, 2**30)
Decode = Callable[[Path], Decoded]
Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "decoded"
    folder.mkdir()
    return folder


@pytest.fixture
def decode(folder: Path) -> Decode:
    return lambda path: audio.decode(path, folder, ALLOWANCE, Stop())


def samples(path: Path) -> NDArray[np.int16]:
    return np.fromfile(path, "<i2")


def refused(decode: Decode, path: Path) -> str:
    with pytest.raises(Permanent) as refusal:
        decode(path)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [
        ("pcm_s16le", "wav", 8_000),
        ("pcm_s24le", "wav", 44_100),
        ("pcm_f32le", "wav", 48_000),
        ("pcm_u8", "wav", 8_000),
        ("pcm_mulaw", "wav", 8_000),
        ("pcm_alaw", "wav", 8_000),
        ("flac", "flac", 8_000),
        ("libmp3lame", "mp3", 44_100),
        ("libopus", "ogg", 48_000),
        ("libopus", "webm", 48_000),
        ("aac", "ipod", 44_100),
        ("pcm_s16be", "aiff", 22_050),
        ("pcm_s16le", "wav", 384_000),
        ("pcm_s16le", "wav", 4_000),
        ("adpcm_ima_wav", "wav", 8_000),
        ("adpcm_ms", "wav", 8_000),
        ("libopencore_amrnb", "amr", 8_000),
        ("alac", "ipod", 16_000),
        ("pcm_s16le", "w64", 8_000),
        ("pcm_mulaw", "au", 8_000),
        ("pcm_s16le", "caf", 8_000),
        ("aac", "mpegts", 16_000),
        ("aac", "adts", 16_000),
        ("flac", "ogg", 8_000),
        ("libopus", "matroska", 48_000),
    ],
)
def test_every_usual_format_becomes_16_khz_of_the_same_length(
    record: Record, make_voice: Make, decode: Decode, codec: str, container: str, rate: int
) -> None:
    """Whatever the codec, container and rate, three seconds stay three seconds and a voice stays loud."""
    path = record(make_voice(3, rate), codec=codec, container=container, rate=rate)

    decoded = decode(path)
    sound = samples(decoded.channels[0])

    assert 1 == len(decoded.channels)
    assert decoded.samples == len(sound)
    assert 48_000 == pytest.approx(decoded.samples, abs=4_000)
    assert () == decoded.damage
    assert 4_100 == pytest.approx(np.sqrt(np.mean(sound.astype(float) ** 2)), rel=0.25)


def test_an_uncompressed_recording_keeps_every_sample(
    record_wav: Record, make_voice: Make, decode: Decode
) -> None:
    """16 kHz in, the very same 16 kHz out: times are counts of samples."""
    sound = make_voice(1.2345)

    decoded = decode(record_wav(sound))

    assert sound.tolist() == samples(decoded.channels[0]).tolist()


def test_8_khz_becomes_exactly_twice_as_many_samples(
    record_wav: Record, make_voice: Make, decode: Decode
) -> None:
    """Nothing is left in the resampler's filter."""
    decoded = decode(record_wav(make_voice(2.5, 8_000), rate=8_000))

    assert 40_000 == pytest.approx(decoded.samples, abs=2)


@pytest.mark.parametrize(("codec", "container"), [("aac", "matroska"), ("libopus", "ogg")])
def test_eight_channels_that_lie_in_planes_stay_apart(
    record: Record, make_voice: Make, make_silence: Make, decode: Decode, codec: str, container: str
) -> None:
    """As many planes as FFmpeg's frame can name are read within their bounds, none beside another."""
    others = [make_silence(1) for _ in range(7)]
    decoded = decode(record(make_voice(1), *others, codec=codec, container=container, rate=48_000))

    loudness = [int(np.abs(samples(path)).max()) for path in decoded.channels]
    assert 8 == len(loudness)
    assert max(loudness) > 1000 > sorted(loudness)[-2]


@pytest.mark.parametrize("channels", [2, 3, 6, 8, 9, 32])
def test_channels_stay_apart(
    record_wav: Record, make_voice: Make, make_silence: Make, decode: Decode, channels: int
) -> None:
    """Only the channel somebody speaks on has sound, however many there are."""
    others = [make_silence(1, 8_000) for _ in range(channels - 1)]

    decoded = decode(record_wav(*others, make_voice(1, 8_000), rate=8_000))
    loud = [bool(np.any(samples(path))) for path in decoded.channels]

    assert [False] * (channels - 1) + [True] == loud


@pytest.mark.parametrize(("sign", "correlation"), [(1, 1.0), (-1, -1.0)])
def test_two_channels_that_are_one_are_told(
    record_wav: Record, make_voice: Make, decode: Decode, sign: int, correlation: float
) -> None:
    """The same sound twice correlates by 1, inverted by -1."""
    sound = make_voice(1)

    decoded = decode(record_wav(sound, sign * sound))

    assert correlation == pytest.approx(decoded.correlation, abs=1e-4)


def test_two_speakers_do_not_correlate(record_wav: Record, make_voice: Make, decode: Decode) -> None:
    """Different sounds on two channels are two channels."""
    decoded = decode(record_wav(make_voice(1, pitch=200), make_voice(1, pitch=317)))

    assert 0.0 == pytest.approx(decoded.correlation, abs=0.05)


def test_a_truncated_recording_is_read_as_far_as_it_goes(
    record: Record, make_voice: Make, decode: Decode
) -> None:
    """Half a FLAC file is half a call, and the damage is counted."""
    path = record(make_voice(10), codec="flac", container="flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    decoded = decode(path)

    assert ["cut_off"] == [each.what for each in decoded.damage]
    assert 80_000 == pytest.approx(decoded.samples, rel=0.3)


def test_damage_in_the_middle_is_skipped(record: Record, make_voice: Make, decode: Decode) -> None:
    """A stretch of nonsense in an MP3 costs about that stretch, not the rest."""
    path = record(make_voice(10), codec="libmp3lame", container="mp3")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = bytes(4_000)
    path.write_bytes(content)

    decoded = decode(path)

    assert 160_000 == pytest.approx(decoded.samples, rel=0.2)


def test_a_rate_that_changes_inside_is_followed(
    record: Record, make_voice: Make, decode: Decode, tmp_path: Path
) -> None:
    """Two MP3s of different rates, joined, play one after the other."""
    first = record(make_voice(2, 44_100), codec="libmp3lame", container="mp3", rate=44_100, name="first")
    second = record(make_voice(2), codec="libmp3lame", container="mp3", rate=16_000, name="second")
    joined = tmp_path / "joined"
    joined.write_bytes(first.read_bytes() + second.read_bytes())

    assert 64_000 == pytest.approx(decode(joined).samples, rel=0.1)


@pytest.mark.parametrize(("seconds", "outcome"), [(0.5, 2.5), (3.0, "unsupported_audio")])
def test_channels_that_change_inside_are_not_lost_in_silence(
    record: Record, make_voice: Make, decode: Decode, tmp_path: Path, seconds: float, outcome: float | str
) -> None:
    """A moment of them becomes silence, as damage does; for longer, somebody's words would be missing."""
    voice = make_voice(2)
    first = record(voice, voice, codec="libmp3lame", container="mp3", name="first")
    second = record(make_voice(seconds), codec="libmp3lame", container="mp3", name="second")
    joined = tmp_path / "joined"
    joined.write_bytes(first.read_bytes() + second.read_bytes())

    if isinstance(outcome, str):
        assert outcome == refused(decode, joined)
    else:
        assert outcome == pytest.approx(decode(joined).samples / 16_000, rel=0.1)


def test_a_recording_that_is_mostly_damage_is_unreadable(
    record: Record, make_voice: Make, decode: Decode
) -> None:
    """A true header does not make a recording of what follows."""
    path = record(make_voice(20), codec="aac", container="adts")
    content = path.read_bytes()
    noise = np.random.default_rng(3).integers(0, 256, len(content), np.uint8)
    path.write_bytes(_with_noise_in_frames(content, noise.tobytes()))

    assert "unreadable_audio" == refused(decode, path)


def _with_noise_in_frames(content: bytes, noise: bytes) -> bytes:
    """ADTS frames whose headers (7 bytes, length in bits 30 to 42) are right and whose content is not."""
    spoilt, at = bytearray(content), 0
    while at + 7 < len(content):
        length = (content[at + 3] & 3) << 11 | content[at + 4] << 3 | content[at + 5] >> 5
        spoilt[at + 7 : at + length] = noise[at + 7 : at + length]
        at += length
    return bytes(spoilt)


@pytest.mark.parametrize(
    "content", [b"", b"Dear all,\nplease find the recording attached.\n" * 100, bytes(5_000)]
)
def test_what_is_no_recording_is_unreadable(tmp_path: Path, decode: Decode, content: bytes) -> None:
    """Nothing, a text and zeros end with the reason a person understands."""
    path = tmp_path / "recording"
    path.write_bytes(content)

    assert "unreadable_audio" == refused(decode, path)


def test_a_recording_without_sound_is_empty(record_wav: Record, make_silence: Make, decode: Decode) -> None:
    """A header and nothing after it."""
    assert "empty_audio" == refused(decode, record_wav(make_silence(0)))


def test_a_film_without_sound_has_no_audio_stream(tmp_path: Path, decode: Decode) -> None:
    """Pictures alone cannot be transcribed."""
    path = tmp_path / "recording"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            output.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), format="yuv420p"))
            )
        output.mux(stream.encode(None))

    assert "no_audio_stream" == refused(decode, path)


@pytest.mark.parametrize(("channels", "rate"), [(33, 8_000), (1, 1), (1, 3_999), (1, 400_000)])
def test_impossible_figures_are_refused(tmp_path: Path, decode: Decode, channels: int, rate: int) -> None:
    """More than 32 channels, or a rate nobody records at."""
    path = tmp_path / "recording"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(channels * 2 * 1_000))

    assert "unsupported_audio" == refused(decode, path)


def test_length_is_counted_not_believed(record_wav: Record, make_voice: Make, folder: Path) -> None:
    """A recording longer than allowed ends while it is decoded; one of just that length does not."""
    path = record_wav(make_voice(2))

    with pytest.raises(Permanent) as refusal:
        audio.decode(path, folder, Allowance(1.999, 2**30), Stop())

    assert "too_long" == refusal.value.reason
    assert 32_000 == audio.decode(path, folder, Allowance(2.0, 2**30), Stop()).samples


@pytest.mark.parametrize("name", ["recording", "playlist.m3u8", "recording.wav"])
@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {name}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
)
def test_a_recording_that_names_another_file_does_not_open_it(
    record: Record, make_voice: Make, tmp_path: Path, decode: Decode, name: str, script: str
) -> None:
    """Playlists, concat scripts and session descriptions are refused, though what they name can be read."""
    other = record(make_voice(2, 44_100), codec="libmp3lame", container="mp3", rate=44_100, name="secret.mp3")
    path = tmp_path / name
    path.write_text(script.format(other=other, name=other.name))

    assert "unreadable_audio" == refused(decode, path)


def test_decoding_ends_when_nobody_waits_for_it(record_wav: Record, make_voice: Make, folder: Path) -> None:
    """A cancelled call does not go on in its thread."""
    stop = Stop()
    stop.tell()

    with pytest.raises(StoppedError):
        audio.decode(record_wav(make_voice(2)), folder, ALLOWANCE, stop)
