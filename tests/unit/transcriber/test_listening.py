"""What is told of a recording before anybody recognises it: which channels are one, and how loud they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from transcriber.activity import Energy
from transcriber.correlation import Correlation
from transcriber.cuts import Rules
from transcriber.listening import Limits, Listened, Listener
from transcriber.threads import Stop

RATE = 16_000
Sound = NDArray[np.int16]
Record = Callable[..., Path]
Make = Callable[..., Sound]
Listen = Callable[..., Listened]


@pytest.fixture
def listen(tmp_path: Path) -> Listen:
    folder = tmp_path / "decoded"
    folder.mkdir()

    def listen(path: Path, dual_mono: float = 0.95) -> Listened:
        return Listener(Energy(), Limits(3600.0, dual_mono), Rules.within(30)).listen(path, folder, Stop())

    return listen


@pytest.fixture
def speech(make_voice: Make, make_silence: Make) -> Sound:
    """Twelve seconds: words of many pitches, with pauses, so that no delay of it is like it."""
    rng = np.random.default_rng(11)
    words = [
        np.concatenate(
            [
                make_voice(rng.uniform(0.1, 0.4), pitch=rng.uniform(90, 400)),
                make_silence(rng.uniform(0.05, 0.6)),
            ]
        )
        for _ in range(24)
    ]
    return np.concatenate(words)[: 12 * RATE]


def late(sound: Sound, samples: int) -> Sound:
    return np.concatenate([np.zeros(samples, np.int16), sound])[: len(sound)]


def mixed(share: float, common: Sound, own: Sound) -> Sound:
    """A side of which the *share* is common; as strong as the other parts in it."""
    mix: Sound = (share * common.astype(float) + np.sqrt(1 - share**2) * own).astype(np.int16)
    return mix


@pytest.mark.parametrize("samples", [0, 1, 7, 160, 477, 960])
@pytest.mark.parametrize("level", [1.0, -1.0, 0.1])
def test_one_recording_twice_is_heard_once(
    record_wav: Record, listen: Listen, speech: Sound, samples: int, level: float
) -> None:
    """Whether one side is inverted, quieter, or up to 60 ms late: the louder is taken, the sum never is."""
    other = late((level * speech).astype(np.int16), samples)

    listened = listen(record_wav(speech, other))

    assert (True, ("channel-0.pcm",)) == (listened.alike, tuple(path.name for path in listened.tracks))
    assert speech.tolist() == np.fromfile(listened.tracks[0], "<i2").tolist()
    assert {0} == {cut.channel for cut in listened.cuts}


def test_of_two_sides_that_are_one_the_louder_is_heard(
    record_wav: Record, listen: Listen, speech: Sound
) -> None:
    """A side recorded at a twentieth of the level has less to recognise."""
    listened = listen(record_wav(speech // 20, speech))

    assert ["channel-1.pcm"] == [path.name for path in listened.tracks]


def test_two_sides_that_share_much_are_two(record_wav: Record, listen: Listen, speech: Sound) -> None:
    """A correlation of 0.4, as of two microphones in one room, leaves two channels."""
    other = late(speech[::-1].copy(), 5_000)
    listened = listen(record_wav(speech, mixed(0.4, speech, other)))

    assert (False, 2) == (listened.alike, len(listened.tracks))


@pytest.mark.parametrize(("threshold", "alike"), [(0.3, True), (0.5, False)])
def test_how_alike_is_one_is_a_setting(
    record_wav: Record,
    listen: Listen,
    speech: Sound,
    threshold: float,
    alike: bool,  # noqa: FBT001 - a parameter
) -> None:
    """The same two sides are one below the threshold an operator sets, two above."""
    other = late(speech[::-1].copy(), 5_000)

    assert alike == listen(record_wav(speech, mixed(0.4, speech, other)), threshold).alike


def test_correlation_is_of_the_whole_file_however_it_comes(speech: Sound) -> None:
    """In blocks of any size, odd ones too, the same figure as at once."""
    pair = np.stack([speech, late(speech, 333)])
    whole, pieces = Correlation(), Correlation()
    whole.add(pair)
    for piece in np.split(pair, np.cumsum([1, 2, 999, 1_001, 16_385, 3]), axis=1):
        pieces.add(piece)

    assert whole.value == pytest.approx(pieces.value, abs=1e-4)
    assert whole.value > 0.98


def test_correlation_needs_something_on_both_sides(speech: Sound) -> None:
    """Nothing at all, and a side that says nothing, are like nobody."""
    silent = Correlation()
    silent.add(np.stack([speech, np.zeros_like(speech)]))

    assert (0.0, 0.0) == (Correlation().value, silent.value)


def test_a_constant_offset_makes_nobody_alike(make_voice: Make) -> None:
    """Cheap recorders add one to every sample of both sides; it is not sound."""
    sides = np.stack([make_voice(2, pitch=200), make_voice(2, pitch=317)]) + np.int16(12_000)
    likeness = Correlation()
    likeness.add(sides)

    assert 0.0 == pytest.approx(likeness.value, abs=0.1)


def test_a_silent_channel_costs_nothing(record_wav: Record, listen: Listen, speech: Sound) -> None:
    """Nobody is asked about the side nobody spoke on, and it has no loudness."""
    listened = listen(record_wav(np.zeros_like(speech), speech))

    assert {1} == {cut.channel for cut in listened.cuts}
    assert (None, None, None, None) == listened.loudness[0]


def test_a_recording_in_which_nobody_speaks_has_no_cuts(
    record_wav: Record, listen: Listen, make_silence: Make
) -> None:
    """It is a call like others, at no cost."""
    listened = listen(record_wav(make_silence(3), make_silence(3)))

    assert ((), 0, 48_000, False) == (listened.cuts, listened.speech, listened.samples, listened.alike)


def test_loudness_is_told_by_quarter_of_the_call(
    record_wav: Record, listen: Listen, make_voice: Make, make_silence: Make
) -> None:
    """Where somebody speaks, at half the level 6 dB less; where nobody does, not at all."""
    quarter = np.concatenate([make_voice(1.5), make_silence(1.5)])
    listened = listen(record_wav(np.concatenate([quarter, quarter // 2, 0 * quarter, quarter])))

    first, second, third, fourth = listened.loudness[0]
    assert -18.0 == pytest.approx(first, abs=0.5)
    assert -24.0 == pytest.approx(second, abs=0.5)
    assert third is None
    assert -18.0 == pytest.approx(fourth, abs=0.5)


def test_speech_of_all_channels_is_counted(
    record_wav: Record, listen: Listen, make_voice: Make, make_silence: Make
) -> None:
    """Two seconds of one and one second of the other are three, whoever spoke at once."""
    one = np.concatenate([make_voice(2.0), make_silence(4.0)])
    other = np.concatenate([make_silence(1.5), make_voice(1.0, pitch=317.0), make_silence(3.5)])

    assert 3.0 == pytest.approx(listen(record_wav(one, other)).speech / RATE, abs=0.2)
