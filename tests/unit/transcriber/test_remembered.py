"""What was heard is remembered."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from common.errors import PipelineError, Transient
from common.model import CallKey
from common.work import WorkId
from pydantic import BaseModel
from transcriber.cuts import Cut
from transcriber.remembered import RememberedSpeech
from transcriber.speech import Clip, Heard

R = TypeVar("R", bound=BaseModel)

CALL = CallKey(tenant_id="acme", call_id="c-42")
CUT = Cut(0, 0, 16_000)


class FakeClaims:
    """Results in a dictionary, as JSON."""

    def __init__(self) -> None:
        self.results: dict[str, str] = {}

    async def once(self, work: WorkId, shape: type[R], do: Callable[[], Awaitable[R]]) -> R:
        if work.digest not in self.results:
            self.results[work.digest] = (await do()).model_dump_json()
        return shape.model_validate_json(self.results[work.digest])


class Speech:
    """Hears something new every time, and counts."""

    provider = "test"

    def __init__(self) -> None:
        self.model = "model-a"
        self.language: str | None = None
        self.vocabulary: dict[str, tuple[str, ...]] = {}
        self.asked = 0
        self.failure: PipelineError | None = None

    def parameters(self, call: CallKey) -> tuple[str, ...]:
        return self.vocabulary.get(call.tenant_id, ())

    def cost(self, audio_seconds: float) -> float | None:
        return None

    async def recognise(self, clip: Clip) -> Heard:
        self.asked += 1
        if self.failure:
            raise self.failure
        return Heard(text=f"answer {self.asked}", seconds=1)


@pytest.fixture
def speech() -> Speech:
    return Speech()


@pytest.fixture
def remembered(speech: Speech) -> RememberedSpeech:
    claims: Any = FakeClaims()
    return RememberedSpeech(speech, claims)


def clip(call: CallKey = CALL, etag: str = "e1", cut: Cut = CUT) -> Clip:
    return Clip(call, etag, cut, Path("unused"))


async def test_the_same_clip_is_paid_once(remembered: RememberedSpeech, speech: Speech) -> None:
    """A redelivered call hears what it heard before, seconds and all."""
    first = await remembered.recognise(clip())
    second = await remembered.recognise(clip())

    assert (Heard(text="answer 1", seconds=1), 1) == (first, speech.asked)
    assert first == second


async def test_another_revision_of_the_call_costs_nothing(
    remembered: RememberedSpeech, speech: Speech
) -> None:
    """The recording is the same, so is what is said in it."""
    await remembered.recognise(clip())
    await remembered.recognise(clip(CALL.model_copy(update={"revision": 2})))

    assert 1 == speech.asked


@pytest.mark.parametrize(
    "other",
    [
        clip(CallKey(tenant_id="other", call_id="c-42")),
        clip(CallKey(tenant_id="acme", call_id="c-43")),
        clip(etag="e2"),
        clip(cut=Cut(1, 0, 16_000)),
        clip(cut=Cut(0, 1, 16_000)),
        clip(cut=Cut(0, 0, 16_001)),
    ],
)
async def test_anything_else_is_heard_anew(remembered: RememberedSpeech, speech: Speech, other: Clip) -> None:
    """Another tenant, call, recording, channel or cut."""
    await remembered.recognise(clip())
    await remembered.recognise(other)

    assert 2 == speech.asked


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("model", "model-b"), ("language", "de"), ("vocabulary", {"acme": ("keywords=['Callstream']",)})],
)
async def test_another_way_of_listening_is_heard_anew(
    remembered: RememberedSpeech, speech: Speech, attribute: str, value: object
) -> None:
    """Another model, or the same one told another language or vocabulary."""
    await remembered.recognise(clip())
    setattr(speech, attribute, value)
    await remembered.recognise(clip())

    assert 2 == speech.asked


async def test_another_tenants_vocabulary_costs_nothing(remembered: RememberedSpeech, speech: Speech) -> None:
    """It is part of the requests of that tenant's calls alone."""
    await remembered.recognise(clip())
    speech.vocabulary = {"other": ("keywords=['Callstream']",)}
    await remembered.recognise(clip())

    assert 1 == speech.asked


async def test_what_was_kept_before_vocabularies_is_found(speech: Speech) -> None:
    """Who asks for plain JSON, and for nothing else, asks as ever."""
    claims: Any = FakeClaims()
    before = WorkId(CALL, "transcribe", ("e1", 0, 0, 16_000, "model-a", None))
    claims.results[before.digest] = Heard(text="kept", seconds=1).model_dump_json()

    assert "kept" == (await RememberedSpeech(speech, claims).recognise(clip())).text


async def test_what_failed_is_tried_again(remembered: RememberedSpeech, speech: Speech) -> None:
    """A failure is nobody's answer."""
    speech.failure = Transient("busy")
    with pytest.raises(Transient):
        await remembered.recognise(clip())
    speech.failure = None

    assert Heard(text="answer 2", seconds=1) == await remembered.recognise(clip())
