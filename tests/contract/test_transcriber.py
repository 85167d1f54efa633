"""What the transcriber promises its neighbours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from audio_files import write_call
from common.errors import Permanent, PipelineError, Transient
from common.events import CallTranscribed
from common.model import CallKey, ObjectRef, Transcript
from common.pipeline import TRANSCRIBE
from contract.harness import ACKED, Fate, Promise, StagePromises, golden, running, settings
from fakes import FakeJournal, FakeStore, Workshop
from nouns import KEY, SPOKEN, transcript
from transcriber.activity import Energy
from transcriber.app import create_app
from transcriber.archive import TranscriptArchive
from transcriber.cuts import Rules
from transcriber.hearing import Hearing
from transcriber.listening import Limits, Listener
from transcriber.settings import Settings
from transcriber.speech import Clip, Heard

BUCKET = "callstream-transcripts"
WRITTEN = f"{BUCKET}/acme/c-42/1.json"
ELSEWHERE = ObjectRef(bucket=BUCKET, key="from-the-phone-system.json")


class FakeBucket:
    """Objects in a dictionary, by bucket and key."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    async def fetch(self, ref: ObjectRef, path: Path) -> int:
        return await asyncio.to_thread(path.write_bytes, await self.read(ref, limit=10**9))

    async def read(self, ref: ObjectRef, limit: int) -> bytes:
        return self.objects[f"{ref.bucket}/{ref.key}"][:limit]

    async def put(self, ref: ObjectRef, body: bytes, content_type: str) -> None:
        self.objects[f"{ref.bucket}/{ref.key}"] = body


class FakeHearing:
    """Hears the golden transcript, and a second worker another one, later."""

    def __init__(self, kept: FakeStore[Transcript]) -> None:
        self.workshop = Workshop()
        self.sources: list[Path] = []
        self.roles: tuple[str, ...] | None = None
        self._kept = kept

    async def transcript(
        self,
        key: CallKey,
        recording: ObjectRef,
        source: Path,
        folder: Path,
        roles: tuple[str, ...] | None = None,
    ) -> Transcript:
        self.roles = roles
        assert await asyncio.to_thread(source.read_bytes) == b"the recording"
        assert source.parent == folder
        self.sources.append(source)
        if await self.workshop.work() == 1:
            return transcript(key)
        async with asyncio.timeout(5):
            while not self._kept.kept:
                await asyncio.sleep(0)
        return transcript(key, SPOKEN[:2])


class FakeSpeech:
    """Says on which channel something is said."""

    provider, model, language = "openai", "gpt-transcribe", None

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        return ()

    def cost(self, audio_seconds: float) -> float | None:
        return None

    async def recognise(self, clip: Clip) -> Heard:
        return Heard(text=f"channel {clip.cut.channel}", language="en", seconds=2, cost_usd=0.00015)


def recording_at(takes: dict[str, Any]) -> str:
    where = takes["recording"]["object"]
    return f"{where['bucket']}/{where['key']}"


@pytest.fixture
def transcripts() -> FakeStore[Transcript]:
    return FakeStore()


@pytest.fixture
def hearing(transcripts: FakeStore[Transcript]) -> FakeHearing:
    return FakeHearing(transcripts)


@pytest.fixture
def objects() -> dict[str, bytes]:
    return {recording_at(golden("call.ingested.v1")): b"the recording"}


@pytest.fixture
def outside(
    transcripts: FakeStore[Transcript], hearing: FakeHearing, objects: dict[str, bytes]
) -> dict[str, object]:
    bucket: Any = FakeBucket(objects)
    return {
        "journal": FakeJournal(),
        "recordings": bucket,
        "transcripts": transcripts,
        "archive": TranscriptArchive(bucket, BUCKET),
        "hearing": hearing,
    }


@pytest.fixture
async def promise(
    outside: dict[str, Any], transcripts: FakeStore[Transcript], hearing: FakeHearing
) -> AsyncIterator[Promise]:
    app = create_app(Settings.model_validate(settings()), lambda _: nullcontext(outside))
    async with running(app, TRANSCRIBE) as service:
        takes, announces = golden("call.ingested.v1"), golden("call.transcribed.v1")
        yield Promise(service, takes, announces, transcripts, hearing.workshop, outside["journal"])


class TestPromises(StagePromises):
    """The transcriber is a stage."""


async def test_the_kept_transcript_is_written_as_json(promise: Promise, objects: dict[str, bytes]) -> None:
    """Whoever may read the bucket finds it under tenant, call and revision."""
    await promise.service.receive(promise.takes)

    assert promise.kept.kept[KEY.id] == Transcript.model_validate_json(objects[WRITTEN])


async def test_it_is_written_again_when_the_call_is_delivered_again(
    promise: Promise, objects: dict[str, bytes]
) -> None:
    """A worker that died between keeping and writing is made up for."""
    await promise.service.receive(promise.takes)
    del objects[WRITTEN]
    await promise.service.receive(promise.takes)

    assert promise.kept.kept[KEY.id] == Transcript.model_validate_json(objects[WRITTEN])


@pytest.mark.parametrize("failure", [None, Transient("busy"), Permanent("no")])
async def test_nothing_of_a_recording_stays_on_disk(
    promise: Promise, hearing: FakeHearing, failure: PipelineError | None
) -> None:
    """Whether it could be heard or not; and its name on disk is ours, without a stranger's extension."""
    promise.paid.failure = failure

    await promise.service.receive(promise.takes)

    assert ["recording"] == [source.name for source in hearing.sources]
    assert [False] == [source.parent.exists() for source in hearing.sources]


async def test_who_speaks_where_is_heard_of_from_the_event(promise: Promise, hearing: FakeHearing) -> None:
    """The settings' roles are for calls of which upstream says nothing."""
    await promise.service.receive(promise.takes | {"channel_roles": ["customer", "agent"]})

    assert ("customer", "agent") == hearing.roles


async def test_a_transcript_made_elsewhere_is_kept_at_no_cost(
    promise: Promise, objects: dict[str, bytes]
) -> None:
    """It takes the recording's place: nobody listens, nobody is paid."""
    objects[f"{BUCKET}/{ELSEWHERE.key}"] = transcript(KEY, SPOKEN[:3]).model_dump_json().encode()

    fate = await promise.service.receive(promise.takes | {"transcript": ELSEWHERE.model_dump()})

    (announced,) = (CallTranscribed.model_validate(event) for event in promise.service.announced)
    assert announced.work is not None
    assert (ACKED, 3, 0) == (fate, announced.utterances, promise.paid.done)
    assert ("imported", 0.0) == (announced.work.provider, announced.work.cost_usd)
    assert [text for _, text in SPOKEN[:3]] == [u.text for u in promise.kept.kept[KEY.id].utterances]


async def test_what_is_no_transcript_is_refused(promise: Promise, objects: dict[str, bytes]) -> None:
    """With a reason that names it, and nothing kept."""
    objects[f"{BUCKET}/{ELSEWHERE.key}"] = b'{"utterances": [{"text": "no times"}]}'

    fate = await promise.service.receive(promise.takes | {"transcript": ELSEWHERE.model_dump()})

    assert (Fate("rejected", reason="invalid_transcript"), {}) == (fate, promise.kept.kept)


async def test_a_call_with_nothing_to_transcribe_is_refused(promise: Promise) -> None:
    """Neither a recording nor a transcript."""
    fate = await promise.service.receive(promise.takes | {"recording": None})

    assert Fate("rejected", reason="nothing_to_transcribe") == fate


class TestWithItsOwnEars:
    """A recording of four turns, decoded and cut for real; only the provider is a fake."""

    @pytest.fixture
    def hearing(self, transcripts: FakeStore[Transcript]) -> Any:
        listener = Listener(Energy(), Limits(max_seconds=3600, dual_mono=0.95), Rules())
        hearing: Any = Hearing(listener, FakeSpeech(), ("agent", "customer"), 4)
        hearing.workshop = Workshop()
        return hearing

    @pytest.fixture
    def objects(self, tmp_path: Path) -> dict[str, bytes]:
        return {recording_at(golden("call.ingested.v1")): write_call(tmp_path / "call").read_bytes()}

    async def test_four_turns_are_four_utterances(self, promise: Promise) -> None:
        """Agent and customer in turn, at the times they spoke, and paid by the begun second."""
        assert await promise.service.receive(promise.takes) == ACKED

        kept = promise.kept.kept[KEY.id]
        spoken = [(u.speaker, u.text, round(u.start_ms / 1000)) for u in kept.utterances]
        assert [
            ("agent", "channel 0", 0),
            ("customer", "channel 1", 2),
            ("agent", "channel 0", 4),
            ("customer", "channel 1", 6),
        ] == spoken
        assert (8_000, 4, 8.0) == (kept.duration_ms, kept.work.requests, kept.work.audio_seconds)
        assert 0.0006 == pytest.approx(kept.work.cost_usd)

    async def test_an_unreadable_recording_is_refused_with_its_reason(
        self, promise: Promise, objects: dict[str, bytes]
    ) -> None:
        """Text in the place of sound ends at once, as a person understands."""
        objects[recording_at(promise.takes)] = b"Dear all, please find the recording attached."

        assert Fate("rejected", reason="unreadable_audio") == await promise.service.receive(promise.takes)
