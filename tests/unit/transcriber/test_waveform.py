"""What is drawn of a recording while it is decoded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from common.errors import Transient
from common.model import CallKey, ObjectRef, Peaks
from fakes import FakeStore
from hypothesis import given
from hypothesis import strategies as st
from transcriber.activity import Energy
from transcriber.cuts import Rules
from transcriber.hearing import Hearing
from transcriber.listening import Limits, Listener
from transcriber.speech import Clip, Heard
from transcriber.threads import Stop
from transcriber.waveform import FINEST, MOST, Drawn, Samples, Waveform
from transcriber.waveforms import KeptWaveforms

RATE = 16_000
KEY = CallKey(tenant_id="acme", call_id="c-42")
RECORDING = ObjectRef(bucket="calls", key="c-42", etag="e1")
LISTENER = Listener(Energy(), Limits(3600.0, 0.95), Rules.within(30))

Record = Callable[..., Path]
Make = Callable[..., Samples]


def drawn(rows: Samples, pieces: list[int]) -> Drawn:
    """Drawn from pieces of these lengths, and the rest."""
    waveform, rest = Waveform(len(rows), RATE), rows
    for length in pieces:
        waveform.add(rest[:, :length])
        rest = rest[:, length:]
    waveform.add(rest)
    return waveform.drawn


def slowly(rows: Samples, per_second: float) -> tuple[bytes, ...]:
    """The same, piece by piece."""
    step = round(RATE / per_second)
    loud = np.abs(rows.astype(int))
    return tuple(
        bytes(min(int(row[n : n + step].max()) * 255 // 32_767, 255) for n in range(0, len(row), step))
        for row in loud
    )


@given(lengths=st.lists(st.integers(0, 5000), max_size=8), seed=st.integers(0, 100))
def test_blocks_make_no_difference(lengths: list[int], seed: int) -> None:
    """However the decoder cuts it, each peak is the loudest sample of its piece."""
    rows = np.random.default_rng(seed).integers(-32_768, 32_768, (2, 9001)).astype(np.int16)
    found = drawn(rows, lengths)

    assert (FINEST, slowly(rows, FINEST)) == (found.per_second, found.channels)


def test_there_are_never_more_than_can_be_drawn() -> None:
    """Beyond two minutes the pieces grow, and the loudest sample of each is still in it."""
    rows = np.zeros((1, RATE * 400), np.int16)
    rows[0, RATE * 399] = 20_000
    found = drawn(rows, [RATE * 200 + 7])

    assert (FINEST / 4, 6400, 20_000 * 255 // 32_767) == (
        found.per_second,
        len(found.channels[0]),
        found.channels[0][399 * 16],
    )


def test_four_hours_are_as_small_as_four_minutes() -> None:
    """Silence is counted, not held."""
    waveform = Waveform(2, RATE)
    waveform.silence(4 * 3600 * RATE)
    waveform.add(np.full((2, 8), -32_768, np.int16))
    found = waveform.drawn

    assert (0.5, 7201, b"\0\xff") == (found.per_second, len(found.channels[0]), found.channels[1][-2:])
    assert len(found.channels[0]) <= MOST


def test_nothing_is_nothing() -> None:
    """A recording without a sample has no peaks."""
    assert (b"",) == Waveform(1, RATE).drawn.channels


def test_a_recording_is_drawn_while_it_is_decoded(
    record_wav: Record, make_voice: Make, make_silence: Make, tmp_path: Path
) -> None:
    """Each channel by itself, on the recording's own clock, silence between included."""
    left = np.concatenate([make_voice(1), make_silence(2)])
    right = np.concatenate([make_silence(2), make_voice(1, pitch=120)])
    found = LISTENER.listen(record_wav(left, right), tmp_path, Stop()).drawn

    assert slowly(np.stack([left, right]), found.per_second) == found.channels


def test_two_channels_that_are_one_are_drawn_once(
    record_wav: Record, make_voice: Make, tmp_path: Path
) -> None:
    """The one that is heard is the one that is shown."""
    voice = make_voice(3)
    found = LISTENER.listen(record_wav(voice, (voice // 4).astype(np.int16)), tmp_path, Stop()).drawn

    assert slowly(voice[np.newaxis], found.per_second) == found.channels


class Silent:
    """Hears nothing."""

    provider, model, language = "openai", "gpt-transcribe", None

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        return ()

    def cost(self, audio_seconds: float) -> float | None:
        return None

    async def recognise(self, clip: Clip) -> Heard:
        return Heard(text="", seconds=1, cost_usd=0.0)


class Broken(FakeStore[Peaks]):
    """Keeps nothing."""

    async def keep(self, document: Peaks) -> Peaks:
        raise Transient("keeping a document: AutoReconnect")


async def heard(store: FakeStore[Peaks], path: Path, folder: Path) -> None:
    kept: Any = store
    hearing = Hearing(LISTENER, Silent(), ("agent", "customer"), 2, waveforms=KeptWaveforms(kept))
    await hearing.transcript(KEY, RECORDING, path, folder)


async def test_a_waveform_is_kept_with_its_speakers(
    record_wav: Record, make_voice: Make, tmp_path: Path
) -> None:
    """Under the call's key; a redelivery keeps the same."""
    store: FakeStore[Peaks] = FakeStore()
    path = record_wav(make_voice(1), make_voice(1, pitch=100))
    await heard(store, path, tmp_path)
    first = dict(store.kept)
    store.kept.clear()
    await heard(store, path, tmp_path)
    kept = store.kept[KEY.id]

    assert first == store.kept
    assert (1000, 64.0) == (kept.duration_ms, kept.peaks_per_second)
    assert [(0, "agent", 64), (1, "customer", 64)] == [
        (each.channel, each.speaker, len(each.peaks)) for each in kept.channels
    ]


async def test_nobody_is_named_on_a_single_channel(
    record_wav: Record, make_voice: Make, tmp_path: Path
) -> None:
    """Who speaks there, nobody knows."""
    store: FakeStore[Peaks] = FakeStore()
    await heard(store, record_wav(make_voice(1)), tmp_path)

    assert [None] == [each.speaker for each in store.kept[KEY.id].channels]


async def test_a_call_is_none_the_worse_without_a_waveform(
    record_wav: Record, make_voice: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be kept is told in the log, and the call is transcribed."""
    await heard(Broken(), record_wav(make_voice(1)), tmp_path)

    assert "peaks.not_kept" in capsys.readouterr().out
