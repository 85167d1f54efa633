"""From a recording on disk to a transcript."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from common.errors import Permanent, PipelineError, Transient
from common.model import CallKey, ObjectRef
from numpy.typing import NDArray
from transcriber.activity import Energy
from transcriber.cuts import Rules
from transcriber.hearing import Hearing
from transcriber.listening import Limits, Listener
from transcriber.speech import Clip, Heard

Record = Callable[..., Path]
Make = Callable[..., NDArray[np.int16]]

KEY = CallKey(tenant_id="acme", call_id="c-42")
RECORDING = ObjectRef(bucket="calls", key="c-42", etag="e1")
STALL = 0.2  # seconds the event loop may be held up


class Speech:
    """Says which channel and second it hears, and how many requests were open at once."""

    provider = "openai"
    model = "gpt-transcribe"
    language = None

    def __init__(self) -> None:
        self.asked: list[Clip] = []
        self.open = self.most_open = self.finished = 0
        self.failures: dict[int, PipelineError] = {}
        self.silent: dict[int, Heard] = {}

    async def recognise(self, clip: Clip) -> Heard:
        self.asked.append(clip)
        number = len(self.asked)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        for _ in range(number + 1):
            await asyncio.sleep(0)
        self.open -= 1
        if number in self.failures:
            raise self.failures[number]
        self.finished += 1
        if clip.cut.channel in self.silent:
            return self.silent[clip.cut.channel]
        return Heard(text=f"channel {clip.cut.channel}", language="en", seconds=2, cost_usd=0.00015)

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        return ()

    def cost(self, audio_seconds: float) -> float | None:
        return 0.0


@pytest.fixture
def speech() -> Speech:
    return Speech()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "decoded"
    folder.mkdir()
    return folder


@pytest.fixture
def hearing(speech: Speech) -> Hearing:
    listener = Listener(Energy(), Limits(max_seconds=8 * 3600, dual_mono=0.95), Rules())
    return Hearing(listener, speech, ("agent", "customer"), 3)


@pytest.fixture
def conversation(record_wav: Record, make_voice: Make, make_silence: Make) -> Path:
    """Four seconds: the agent speaks in the first, the customer in the last."""
    agent = np.concatenate([make_voice(1.0), make_silence(3.0)])
    customer = np.concatenate([make_silence(3.0), make_voice(1.0, pitch=150.0)])
    return record_wav(agent, customer)


@pytest.fixture
def broken_off(conversation: Path) -> Path:
    """The conversation without its last half second."""
    conversation.write_bytes(conversation.read_bytes()[:-32_000])
    return conversation


async def test_what_listening_showed_is_in_the_transcript(
    hearing: Hearing, broken_off: Path, folder: Path, record_wav: Record, make_voice: Make
) -> None:
    """Loudness by quarter, what is lost of a file that ends too early, and two channels that are one."""
    transcript = await hearing.transcript(KEY, RECORDING, broken_off, folder)
    alone = await hearing.transcript(KEY, RECORDING, record_wav(voice := make_voice(1.0), voice), folder)

    assert [("cut_off", 3_500)] == [(damage.what, damage.at_ms) for damage in transcript.damage]
    assert transcript.talk is not None
    assert [[True, True, False, False], [False, False, False, True]] == [
        [level is not None for level in channel.quarters] for channel in transcript.talk.loudness
    ]
    assert (False, True) == (transcript.dual_mono, alone.dual_mono)


async def test_a_call_may_name_its_own_speakers(hearing: Hearing, conversation: Path, folder: Path) -> None:
    """Upstream knows better than the settings who speaks on which channel."""
    transcript = await hearing.transcript(KEY, RECORDING, conversation, folder, ("customer", "agent"))

    assert [("customer", "channel 0"), ("agent", "channel 1")] == [
        (u.speaker, u.text) for u in transcript.utterances
    ]


async def test_each_channel_is_heard_as_its_speaker(
    hearing: Hearing, conversation: Path, folder: Path
) -> None:
    """Times are our own: the cut's, in the recording."""
    transcript = await hearing.transcript(KEY, RECORDING, conversation, folder)

    assert [("agent", "channel 0", 0), ("customer", "channel 1", 2826)] == [
        (u.speaker, u.text, u.start_ms) for u in transcript.utterances
    ]
    assert (4_000, "en") == (transcript.duration_ms, transcript.language)
    assert 2_000 == pytest.approx(transcript.speech_ms, abs=100)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Heard(text="", seconds=2, refused="loop"), "loop"), (Heard(text="", seconds=2), "no_words")],
)
async def test_speech_that_gave_no_text_is_told(
    hearing: Hearing, speech: Speech, conversation: Path, folder: Path, answer: Heard, reason: str
) -> None:
    """Refused or not heard, half of the speech is missing, and the transcript says so and why."""
    speech.silent[1] = answer
    found = (await hearing.transcript(KEY, RECORDING, conversation, folder)).coverage

    assert found
    assert ([reason], [1], True) == (
        [each.reason for each in found.refused],
        [each.count for each in found.refused],
        found.flagged,
    )
    assert 0.5 == pytest.approx(found.share, abs=0.05)


async def test_what_was_sent_is_what_is_paid(hearing: Hearing, conversation: Path, folder: Path) -> None:
    """Two requests of two begun seconds, at the model's price."""
    work = (await hearing.transcript(KEY, RECORDING, conversation, folder)).work

    assert ("openai", "gpt-transcribe", 2, 4.0) == (
        work.provider,
        work.model,
        work.requests,
        work.audio_seconds,
    )
    assert 0.0003 == pytest.approx(work.cost_usd)


@pytest.mark.parametrize("sign", [1, -1])
async def test_dual_mono_is_heard_once(
    hearing: Hearing, speech: Speech, record_wav: Record, make_voice: Make, folder: Path, sign: int
) -> None:
    """Inverted or not; never their sum, and nobody knows who speaks."""
    sound = make_voice(2.0)

    transcript = await hearing.transcript(KEY, RECORDING, record_wav(sound, sign * sound), folder)

    assert (1, ["unknown"]) == (len(speech.asked), [u.speaker for u in transcript.utterances])


async def test_silence_asks_nobody(
    hearing: Hearing, speech: Speech, record_wav: Record, make_silence: Make, folder: Path
) -> None:
    """The transcript is valid, and free."""
    transcript = await hearing.transcript(KEY, RECORDING, record_wav(make_silence(5.0)), folder)

    assert ("no_speech", 5_000, 0.0, 0) == (
        transcript.outcome,
        transcript.duration_ms,
        transcript.work.cost_usd,
        len(speech.asked),
    )


@pytest.fixture
def talk(record_wav: Record, make_voice: Make, make_silence: Make) -> Path:
    """Twelve phrases."""
    return record_wav(np.concatenate([make_voice(0.5), make_silence(1.5)] * 12))


async def test_a_call_has_so_many_requests_open(
    hearing: Hearing, speech: Speech, talk: Path, folder: Path
) -> None:
    """As many as allowed, and no more."""
    await hearing.transcript(KEY, RECORDING, talk, folder)

    assert (12, 3) == (len(speech.asked), speech.most_open)


@pytest.mark.parametrize(
    "failure", [Transient("busy", reason="provider_busy", retry_after=7), Permanent("no")]
)
async def test_after_a_failure_what_is_under_way_is_heard_to_its_end(
    hearing: Hearing, speech: Speech, talk: Path, folder: Path, failure: PipelineError
) -> None:
    """It is paid for; but nothing else is begun, and the failure is told as it came."""
    speech.failures = {1: failure}

    with pytest.raises(type(failure)) as raised:
        await hearing.transcript(KEY, RECORDING, talk, folder)

    assert failure is raised.value
    assert (3, 2, 0) == (len(speech.asked), speech.finished, speech.open)


@asynccontextmanager
async def watched() -> AsyncIterator[list[float]]:
    """How much this process does before the loop goes on: what others take of the machine is no stall."""
    late = [0.0]

    async def watch() -> None:
        while True:
            before = time.process_time()
            await asyncio.sleep(0.01)
            late.append(time.process_time() - before - 0.01)

    watching = asyncio.create_task(watch())
    try:
        yield late
    finally:
        watching.cancel()


@pytest.fixture
def two_hours(tmp_path: Path, make_voice: Make) -> Path:
    """Two hours at 8 kHz on two channels, mostly silence: someone speaks for two seconds every minute."""
    path = tmp_path / "recording"
    minute = np.zeros((60 * 8_000, 2), "<i2")
    minute[: 2 * 8_000, 0] = make_voice(2.0, 8_000)
    minute[30 * 8_000 : 32 * 8_000, 1] = make_voice(2.0, 8_000, 150.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8_000)
        for _ in range(120):
            file.writeframes(minute.tobytes())
    return path


async def test_two_hours_never_hold_up_the_event_loop(
    hearing: Hearing, speech: Speech, two_hours: Path, folder: Path
) -> None:
    """Decoding, judging and cutting happen elsewhere; heartbeats and health checks go on."""
    async with watched() as late:
        transcript = await hearing.transcript(KEY, RECORDING, two_hours, folder)

    assert (7_200_000, 240) == (transcript.duration_ms, len(transcript.utterances))
    assert len(late) > 10
    assert max(late) < STALL


class Broke:
    """A purse with nothing in it, which notes for how many cuts it was asked."""

    def __init__(self) -> None:
        self.cuts: list[int] = []

    async def reserve(self, _key: CallKey, clips: Sequence[Clip]) -> AbstractAsyncContextManager[None]:
        self.cuts.append(len(clips))
        raise Permanent("too much", reason="budget_exceeded")


async def test_what_is_too_dear_is_not_begun(speech: Speech, conversation: Path, folder: Path) -> None:
    """The money for all cuts is put by before the first is heard."""
    listener = Listener(Energy(), Limits(max_seconds=8 * 3600, dual_mono=0.95), Rules())
    broke = Broke()

    with pytest.raises(Permanent, match="too much"):
        await Hearing(listener, speech, ("agent", "customer"), 3, purse=broke).transcript(
            KEY, RECORDING, conversation, folder
        )

    assert ([2], []) == (broke.cuts, speech.asked)
