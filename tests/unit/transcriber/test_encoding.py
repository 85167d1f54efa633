"""What a cut looks like on its way to a provider."""

import io

import av
import numpy as np
import pytest
from common.models.speech import SPEECH, Encoding, SpeechModel
from numpy.typing import NDArray
from transcriber.encoding import encode, sound

MINUTE = 60 * 16_000
NOISE = np.random.default_rng(7).integers(-32_768, 32_767, 2 * MINUTE, dtype="<i2")


def decoded(content: bytes) -> NDArray[np.int16]:
    """As a provider reads it, at 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    with av.open(io.BytesIO(content), "r") as file:
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    parts = [frame.to_ndarray().reshape(-1) for frame in [*frames, *resampler.resample(None)]]
    return np.concatenate(parts).astype(np.int16)


@pytest.mark.parametrize("encoding", ["wav", "flac"])
def test_what_is_sent_is_what_was_cut(encoding: Encoding) -> None:
    """To the sample."""
    cut = NOISE[:20_000]

    assert np.array_equal(cut, decoded(encode(cut.tobytes(), encoding).content))


def test_what_is_too_dense_is_sent_as_opus() -> None:
    """As long as it was, to the millisecond, and much smaller."""
    file = encode(NOISE[: 20 * 16_000].tobytes(), "ogg")

    assert pytest.approx(20 * 16_000, abs=16) == decoded(file.content).size
    assert len(file.content) < 20 * 10_000


@pytest.mark.parametrize(
    ("seconds", "max_bytes", "name"),
    [
        (1, 25_000_000, "cut.wav"),
        (60, 25_000_000, "cut.wav"),
        (61, 25_000_000, "cut.flac"),
        (61, 1_000_000, "cut.ogg"),
    ],
)
def test_the_plainest_encoding_that_is_worth_its_bytes_is_taken(
    seconds: int, max_bytes: int, name: str
) -> None:
    """Noise is the worst case: FLAC saves nothing of it."""
    file = sound(NOISE[: seconds * 16_000].tobytes(), SpeechModel(usd_per_minute=None, max_bytes=max_bytes))

    assert name == file.name
    assert len(file.content) <= max_bytes


def test_a_model_that_takes_no_opus_gets_none() -> None:
    """Its longest cut is as long as it can surely take it."""
    model = SpeechModel(usd_per_minute=None, encodings=("wav", "flac"), max_bytes=4_000_000)
    cut = NOISE[: int(min(model.longest, 120) * 16_000)]

    file = sound(cut.tobytes(), model)

    assert "cut.flac" == file.name
    assert len(file.content) <= model.max_bytes


@pytest.mark.parametrize("model", SPEECH.values(), ids=list(SPEECH))
def test_no_model_is_sent_more_than_it_takes(model: SpeechModel) -> None:
    """By length and by bytes, however the longest cut sounds: 1400 s and 25 MB are refused."""
    assert model.longest <= 1390 or model.max_seconds is None
    assert model.longest * 10_000 <= model.max_bytes
