"""What becomes of what was heard: echoes, speakers of a single channel, words, and the price of a minute."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from common.model import CallKey, ObjectRef, Refused, Transcript, Word
from fakes import FakeSpeech
from numpy.typing import NDArray
from transcriber.cuts import Cut
from transcriber.diarizer import Reference
from transcriber.hearing import Hearing, without_echoes
from transcriber.resources import listener
from transcriber.speech import Clip, Heard, Speech, Turn
from transcriber.voices import Voices
from transcriber_settings import chosen

Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]
Listen = Callable[..., Hearing]

KEY = CallKey(tenant_id="acme", call_id="c-42")
RECORDING = ObjectRef(bucket="calls", key="c-42", etag="e1")
DEAREST_MINUTE = 0.006  # USD


class FakeDiarizer:
    """Hears two speakers in turn, a second each."""

    provider, model = "openai", "gpt-4o-transcribe-diarize"
    longest, most_known = 60.0, 4

    def __init__(self) -> None:
        self.asked: list[Clip] = []

    def parameters(self) -> tuple[str, ...]:
        return ()

    async def hear(self, clip: Clip, known: Sequence[Reference]) -> Heard:
        self.asked.append(clip)
        turns = (
            Turn(speaker="A", start_ms=0, end_ms=1000, text="Good morning."),
            Turn(speaker="B", start_ms=1000, end_ms=2000, text="Hello."),
            Turn(speaker="B", start_ms=2000, end_ms=2500, text="", refused="loop"),
        )
        seconds = math.ceil(clip.cut.seconds)
        return Heard(text="Good morning. Hello.", seconds=seconds, turns=turns, cost_usd=seconds / 10_000)


class WordySpeech(FakeSpeech):
    """Tells one word of each clip, and how sure it is."""

    async def recognise(self, clip: Clip) -> Heard:
        heard = await super().recognise(clip)
        words = (Word(text="well", start_ms=10, end_ms=200, confidence=0.5),)
        return heard.model_copy(update={"words": words, "confidence": 0.5})


@pytest.fixture
def listen() -> Listen:
    """Ears that take loudness for speech."""
    ears = listener(chosen(voice_activity="energy"))

    def listen(speech: Speech, voices: Voices | None = None) -> Hearing:
        return Hearing(ears, speech, ("agent", "customer"), 4, voices=voices)

    return listen


async def heard(hearing: Hearing, recording: Path, folder: Path) -> Transcript:
    decoded = folder / "decoded"
    decoded.mkdir()
    return await hearing.transcript(KEY, RECORDING, recording, decoded)


@pytest.fixture
def talk(make_voice: Make, make_silence: Make) -> NDArray[np.int16]:
    """Two seconds of speech, then silence, twice."""
    return np.concatenate([make_voice(2.0), make_silence(2.0), make_voice(2.0), make_silence(1.0)])


@pytest.mark.parametrize("channels", [1, 2], ids=["mono", "dual-mono"])
async def test_the_speakers_of_a_single_channel_are_told_apart(
    listen: Listen, record_wav: Record, talk: NDArray[np.int16], tmp_path: Path, channels: int
) -> None:
    """In one stretch, by the diarising model alone; its work is what was paid."""
    diarizer, speech = FakeDiarizer(), FakeSpeech("unheard")

    said = await heard(listen(speech, Voices(diarizer)), record_wav(*[talk] * channels), tmp_path)

    assert [("speaker 1", "Good morning."), ("speaker 2", "Hello.")] == [
        (utterance.speaker, utterance.text) for utterance in said.utterances
    ]
    assert (1, []) == (len(diarizer.asked), speech.asked)
    work = said.work
    assert ("gpt-4o-transcribe-diarize", 1, 7.0) == (work.model, work.requests, work.audio_seconds)
    assert pytest.approx(0.0007) == work.cost_usd
    assert said.coverage is not None
    assert (Refused(reason="loop", ms=500, count=1),) == said.coverage.refused


async def test_speakers_with_a_channel_each_need_no_telling_apart(
    listen: Listen, record_wav: Record, talk: NDArray[np.int16], make_voice: Make, tmp_path: Path
) -> None:
    """They are heard as ever."""
    diarizer, speech = FakeDiarizer(), FakeSpeech("Good morning.")
    other = np.concatenate([talk[:0], make_voice(0.5, pitch=140.0), np.zeros(talk.size - 8_000, np.int16)])

    said = await heard(listen(speech, Voices(diarizer)), record_wav(talk, other), tmp_path)

    assert ({"agent", "customer"}, []) == ({each.speaker for each in said.utterances}, diarizer.asked)


async def test_words_are_told_on_the_clock_of_the_recording(
    listen: Listen, record_wav: Record, talk: NDArray[np.int16], tmp_path: Path
) -> None:
    """The clip's times, moved by its start."""
    said = await heard(listen(WordySpeech("well")), record_wav(talk), tmp_path)

    assert [(each.start_ms + 10, each.start_ms + 200, 0.5) for each in said.utterances] == [
        (word.start_ms, word.end_ms, word.confidence) for each in said.utterances for word in each.words
    ]
    assert 2 == len(said.utterances)


async def test_silence_is_part_of_no_bill(
    listen: Listen, record_wav: Record, talk: NDArray[np.int16], tmp_path: Path
) -> None:
    """A request that was not made is not counted."""

    class Deaf(FakeSpeech):
        async def recognise(self, clip: Clip) -> Heard:
            return Heard(text="", seconds=0, refused="silence", cost_usd=0.0)

    work = (await heard(listen(Deaf()), record_wav(talk), tmp_path)).work

    assert (0, 0.0, 0.0) == (work.requests, work.audio_seconds, work.cost_usd)


def test_echoes_are_refused_channel_by_channel() -> None:
    """What was paid for them stays paid; the other channel's words stay."""
    loud = {Cut(0, n * 100, n * 100 + 50): Heard(text="Thanks for watching!", seconds=3) for n in range(9)}
    other = {Cut(1, n * 100, n * 100 + 50): Heard(text="Yes.", seconds=1) for n in range(9)}

    judged = without_echoes(loud | other)

    assert {("", "loop", 3)} == {(judged[cut].text, judged[cut].refused, judged[cut].seconds) for cut in loud}
    assert other == {cut: judged[cut] for cut in other}


@pytest.fixture
def conversation(record_wav: Record, make_voice: Make) -> Path:
    """Four minutes of two people as on the phone: turns of 2 to 9 s, now and then a word from the other."""
    rng = np.random.default_rng(42)
    rate, seconds = 8_000, 240
    legs = np.zeros((2, seconds * rate), np.int16)
    now, speaker = 0.5, 0
    while now < seconds - 10:
        length = float(rng.uniform(2.0, 9.0))
        _say(legs[speaker], make_voice(length, rate, 180.0), now, rate)
        if length > 4:
            _say(legs[1 - speaker], make_voice(0.5, rate, 120.0), now + length / 2, rate)
        now, speaker = now + length + float(rng.uniform(-0.2, 1.2)), 1 - speaker
    return record_wav(legs[0], legs[1], rate=rate)


def _say(leg: NDArray[np.int16], sound: NDArray[np.int16], at: float, rate: int) -> None:
    start = round(at * rate)
    leg[start : start + sound.size] = sound


async def test_a_minute_of_conversation_costs_what_was_promised(
    listen: Listen, conversation: Path, tmp_path: Path
) -> None:
    """At gpt-transcribe's price, begun seconds, padding and all: at most 0.6 cents."""
    said = await heard(listen(FakeSpeech("Something of what was said.")), conversation, tmp_path)

    assert said.work.cost_usd is not None
    a_minute = said.work.cost_usd / (said.duration_ms / 60_000)
    assert 0.8 * 0.0045 < a_minute <= DEAREST_MINUTE
