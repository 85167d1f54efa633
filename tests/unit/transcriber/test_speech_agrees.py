"""The fake recogniser and the real one, held to the same promises."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
from common.errors import Transient
from common.model import CallKey
from fakes import FakeSpeech
from transcriber.cuts import Cut
from transcriber.request import Request
from transcriber.speech import Clip, Speech
from transcription_server import Provider, recogniser, row, serving

CALL = CallKey(tenant_id="acme", call_id="c-42")
OTHER = CallKey(tenant_id="other", call_id="c-42")
TERMS = {"acme": ("Callstream",)}

Answering = Callable[..., Speech]


@pytest.fixture(params=["real", "fake"])
async def answering(request: pytest.FixtureRequest) -> AsyncIterator[Answering]:
    """Make a recogniser that answers one text, or whose provider is down."""
    provider = Provider()

    def fake(text: str = "", *, down: bool = False) -> Speech:
        speech = FakeSpeech(text, vocabulary={"acme": ("keywords=['Callstream']",)})
        speech.workshop.failure = Transient("down", reason="provider_unavailable") if down else None
        return speech

    async with serving(provider) as client:

        def real(text: str = "", *, down: bool = False) -> Speech:
            provider.body, provider.status = {"text": text}, 503 if down else 200
            return recogniser(client, Request("gpt-transcribe", row("gpt-transcribe")), TERMS)

        yield real if request.param == "real" else fake


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """1.25 s, and a second of silence after it."""
    track = tmp_path / "channel.pcm"
    np.concatenate([np.full(20_000, 5_000, "<i2"), np.zeros(16_000, "<i2")]).tofile(track)
    return Clip(CALL, "etag", Cut(0, 0, 20_000), track)


async def test_what_is_said_is_heard_and_paid_by_the_begun_second(answering: Answering, clip: Clip) -> None:
    """Two seconds at the model's price."""
    speech = answering("Hello there.")

    heard = await speech.recognise(clip)

    assert ("Hello there.", 2, None) == (heard.text, heard.seconds, heard.refused)
    assert pytest.approx(0.00015) == heard.cost_usd
    assert speech.cost(heard.seconds) == heard.cost_usd


@pytest.mark.parametrize(
    ("text", "why"), [("you " * 12, "loop"), ("word " * 8 + "a b c d e f g h", "too_fast"), ("…", "no_words")]
)
async def test_what_nobody_said_is_refused_and_paid(
    answering: Answering, clip: Clip, text: str, why: str
) -> None:
    """Its text is gone, its cost is not."""
    heard = await answering(text).recognise(clip)

    assert ("", 2, why) == (heard.text, heard.seconds, heard.refused)
    assert heard.cost_usd


async def test_silence_costs_nothing(answering: Answering, clip: Clip) -> None:
    """Nobody is asked."""
    heard = await answering("Thanks for watching!").recognise(
        Clip(CALL, "etag", Cut(0, 20_000, 36_000), clip.track)
    )

    assert ("", 0, "silence", 0.0) == (heard.text, heard.seconds, heard.refused, heard.cost_usd)


async def test_a_provider_that_is_down_may_be_asked_later(answering: Answering, clip: Clip) -> None:
    """Nothing was heard."""
    with pytest.raises(Transient) as failure:
        await answering(down=True).recognise(clip)

    assert "provider_unavailable" == failure.value.reason


def test_a_tenants_vocabulary_is_what_else_it_is_told(answering: Answering) -> None:
    """Of another tenant's it knows nothing."""
    speech = answering()

    assert (("keywords=['Callstream']",), ()) == (speech.parameters(CALL), speech.parameters(OTHER))
    assert ("openai", "gpt-transcribe", None) == (speech.provider, speech.model, speech.language)
