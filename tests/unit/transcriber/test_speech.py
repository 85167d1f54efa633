"""What the recogniser asks a provider, and what it makes of the answer."""

import io
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from common.account import Account, accounting
from common.errors import Permanent, PipelineError, Transient
from common.metrics import metrics_on
from common.model import CallKey, Word
from numpy.typing import NDArray
from openai import AsyncOpenAI
from prometheus_client import CollectorRegistry
from transcriber.cuts import Cut
from transcriber.request import Request
from transcriber.speech import Clip, Heard, Recogniser
from transcription_server import Provider, row, serving
from transcription_server import recogniser as asking

CALL = CallKey(tenant_id="acme", call_id="c-42")


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def client(provider: Provider) -> AsyncIterator[AsyncOpenAI]:
    async with serving(provider) as client:
        yield client


@pytest.fixture
def sound() -> NDArray[np.int16]:
    return np.arange(32_000, dtype="<i2")


@pytest.fixture
def clip(tmp_path: Path, sound: NDArray[np.int16]) -> Clip:
    """1.25 s out of two seconds."""
    track = tmp_path / "channel.pcm"
    sound.tofile(track)
    return Clip(CALL, "etag", Cut(0, 4_000, 24_000), track)


def recogniser(client: AsyncOpenAI, model: str = "gpt-transcribe", language: str | None = None) -> Recogniser:
    return asking(client, Request(model, row(model), language=language))


async def failure(client: AsyncOpenAI, clip: Clip) -> PipelineError:
    with pytest.raises(PipelineError) as failure:
        await recogniser(client).recognise(clip)
    return failure.value


async def test_a_clip_is_sent_as_wav_to_the_sample(
    provider: Provider, client: AsyncOpenAI, clip: Clip, sound: NDArray[np.int16]
) -> None:
    """Exactly the cut's samples, 16 kHz mono, with nothing asked for but JSON."""
    await recogniser(client).recognise(clip)

    (form,) = provider.forms
    with wave.open(io.BytesIO(form["file"][0])) as sent:
        assert (1, 2, 16_000) == (sent.getnchannels(), sent.getsampwidth(), sent.getframerate())
        assert sound[4_000:24_000].tobytes() == sent.readframes(sent.getnframes())
    assert [{"model": ["gpt-transcribe"], "response_format": ["json"]}] == provider.fields


async def test_begun_seconds_are_paid(client: AsyncOpenAI, clip: Clip) -> None:
    """1.25 s cost two."""
    heard = await recogniser(client).recognise(clip)

    assert Heard(text="Hello there.", seconds=2, cost_usd=2 / 60 * 0.0045) == heard


async def test_what_is_heard_is_accounted_for(client: AsyncOpenAI, clip: Clip) -> None:
    """Seconds and price go into the account of the delivery, once for each request."""
    account = Account("transcribe", metrics_on(CollectorRegistry()).providers, {})

    with accounting(account):
        await recogniser(client).recognise(clip)

    assert (1, 2.0, 0.00015) == (account.requests, account.audio_seconds, round(account.cost_usd, 6))


@pytest.mark.parametrize(
    ("model", "hint"),
    [
        ("gpt-transcribe", {"languages[]": ["de"]}),
        ("gpt-transcribe-2026-07-28", {"languages[]": ["de"]}),
        ("whisper-1", {"language": ["de"]}),
        ("Systran/faster-whisper-base", {"language": ["de"]}),
    ],
)
async def test_each_model_is_told_the_language_in_its_way(
    provider: Provider, client: AsyncOpenAI, clip: Clip, model: str, hint: dict[str, list[str]]
) -> None:
    """gpt-transcribe ignores the singular, the others know nothing else; never both."""
    heard = await recogniser(client, model, "de").recognise(clip)

    sent = {name: value for name, value in provider.forms[0].items() if name.startswith("language")}
    assert hint == sent
    assert "de" == heard.language


@pytest.mark.parametrize(
    "told",
    [{"language": "hu"}, {"languages": ["hu"]}, {"languages": [{"code": "hu"}]}, {"language": "Hungarian"}],
)
async def test_the_language_that_was_found_is_read(
    provider: Provider, client: AsyncOpenAI, clip: Clip, told: dict[str, Any]
) -> None:
    """However the server spells it."""
    provider.body = {"text": "Jó napot.", **told}

    assert "hu" == (await recogniser(client).recognise(clip)).language


@pytest.mark.parametrize(
    ("text", "why"), [("you " * 12, "loop"), ("one two three four five six seven eight " * 2, "too_fast")]
)
async def test_what_nobody_can_have_said_is_dropped_and_paid(
    provider: Provider, client: AsyncOpenAI, clip: Clip, text: str, why: str
) -> None:
    """No text is kept of it, the seconds are."""
    provider.body = {"text": text}

    heard = await recogniser(client).recognise(clip)

    assert ("", why, 2) == (heard.text, heard.refused, heard.seconds)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (429, {"error": {"code": "rate_limit_exceeded"}}, Transient, "provider_busy"),
        (429, {"error": {"code": "insufficient_quota"}}, Transient, "provider_quota"),
        (401, {"error": {"code": "invalid_api_key"}}, Transient, "provider_denied"),
        (403, {"error": {}}, Transient, "provider_denied"),
        (500, {"error": {}}, Transient, "provider_unavailable"),
        (503, "upstream connect error", Transient, "provider_unavailable"),
        (400, {"error": {"message": "secret words"}}, Permanent, "provider_refused"),
        (413, "too large", Permanent, "provider_refused"),
        (415, {"error": {}}, Permanent, "provider_refused"),
        (422, {"error": {}}, Permanent, "provider_refused"),
        (200, "<html>secret words</html>", Transient, "provider_answer"),
        (200, {"transcript": "secret words"}, Transient, "provider_answer"),
        (200, {"text": None}, Transient, "provider_answer"),
        (200, ["secret words"], Transient, "provider_answer"),
    ],
)
async def test_what_goes_wrong_is_told_apart(
    provider: Provider,
    client: AsyncOpenAI,
    clip: Clip,
    status: int,
    body: Any,
    kind: type[PipelineError],
    reason: str,
) -> None:
    """Asked once, translated, and quoting nothing of the answer."""
    provider.status, provider.body = status, body

    error = await failure(client, clip)

    assert (kind, reason, 1) == (_kind(error), error.reason, len(provider.forms))
    assert "secret" not in str(error)


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("86400", 120.0)])
async def test_a_busy_provider_says_when_to_come_back(
    provider: Provider, client: AsyncOpenAI, clip: Clip, header: str, wait: float
) -> None:
    """Its word is taken for up to two minutes."""
    provider.status, provider.headers = 429, {"Retry-After": header}

    error = await failure(client, clip)

    assert isinstance(error, Transient)
    assert wait == error.retry_after


async def test_nobody_there_is_no_fault_of_the_call(clip: Clip, unused_tcp_port: int) -> None:
    """A refused connection is worth another try."""
    async with AsyncOpenAI(api_key="test", base_url=f"http://127.0.0.1:{unused_tcp_port}/v1") as client:
        error = await failure(client.with_options(max_retries=0), clip)

    assert (Transient, "provider_unavailable") == (_kind(error), error.reason)


async def test_silence_is_not_sent(provider: Provider, client: AsyncOpenAI, clip: Clip) -> None:
    """A recogniser makes words of it; a click is no voice; nothing is paid."""
    quiet = np.full(32_000, 30, "<i2")
    quiet[10_000:10_080] = 20_000
    quiet.tofile(clip.track)

    heard = await recogniser(client).recognise(clip)

    assert Heard(text="", seconds=0, refused="silence", cost_usd=0.0) == heard
    assert [] == provider.forms


async def test_a_cut_too_short_for_the_model_is_filled_up(
    provider: Provider, client: AsyncOpenAI, clip: Clip, sound: NDArray[np.int16]
) -> None:
    """With silence, to the tenth of a second it takes."""
    await recogniser(client).recognise(replace(clip, cut=Cut(0, 20_000, 20_800)))

    with wave.open(io.BytesIO(provider.forms[0]["file"][0])) as sent:
        assert sound[20_000:20_800].tobytes().ljust(3200, b"\0") == sent.readframes(sent.getnframes())


VERBOSE = {
    "text": "Jó napot.",
    "language": "hungarian",
    "duration": 1.25,
    "segments": [{"start": 0.0, "end": 1.0, "text": "Jó napot.", "avg_logprob": -0.105360516}],
    "words": [
        {"word": " Jó", "start": 0.0, "end": 0.4},
        {"word": " napot.", "start": 0.35, "end": 9.0},
    ],
}


async def test_words_have_times_where_the_model_tells_them(
    provider: Provider, client: AsyncOpenAI, clip: Clip
) -> None:
    """From the clip's start, in order and within it."""
    provider.body = VERBOSE
    request = Request("whisper-1", row("whisper-1"), "verbose_json", ("segment", "word"))

    heard = await asking(client, request).recognise(clip)

    assert (
        Word(text="Jó", start_ms=0, end_ms=400),
        Word(text="napot.", start_ms=350, end_ms=1250),
    ) == heard.words
    assert "hu" == heard.language
    assert pytest.approx(0.9) == heard.confidence


@pytest.mark.parametrize(
    "told",
    [
        {"logprobs": [{"token": "a", "logprob": -0.22314355}, {"token": "b", "logprob": -0.22314355}]},
        {"words": [{"word": "a", "start": 0, "end": 1, "probability": 0.8}]},
        {"segments": [{"words": [{"word": "a", "start": 0, "end": 1, "probability": 0.8}]}]},
        {
            "segments": [
                {"start": 0, "end": 3, "avg_logprob": -0.22314355},
                {"start": 3, "end": 3, "avg_logprob": -9.0},
            ]
        },
    ],
    ids=["tokens", "words", "words of segments", "segments"],
)
async def test_the_model_says_how_sure_it_is(
    provider: Provider, client: AsyncOpenAI, clip: Clip, told: dict[str, Any]
) -> None:
    """In whichever way it can; a share between 0 and 1."""
    provider.body = {"text": "Hello there.", **told}

    assert pytest.approx(0.8) == (await recogniser(client).recognise(clip)).confidence


async def test_what_a_request_holds_does_not_depend_on_the_one_before(
    provider: Provider, client: AsyncOpenAI, clip: Clip
) -> None:
    """Two cuts of a call share the tenant's vocabulary, and nothing of what was heard."""
    provider.body = {"text": "What was heard in the first cut."}
    listening = asking(client, Request("whisper-1", row("whisper-1")), {"acme": ("Callstream",)})

    await listening.recognise(clip)
    await listening.recognise(replace(clip, cut=Cut(0, 4_000, 30_000)))

    assert [
        {"model": ["whisper-1"], "response_format": ["json"], "prompt": ["Callstream"]}
    ] * 2 == provider.fields
    assert provider.forms[0]["file"] != provider.forms[1]["file"]


async def test_each_attempt_has_a_body_of_its_own(
    provider: Provider, client: AsyncOpenAI, clip: Clip
) -> None:
    """What failed is sent again whole."""
    provider.status = 500
    await failure(client, clip)
    provider.status = 200
    await recogniser(client).recognise(clip)

    first, second = (form["file"] for form in provider.forms)
    assert first == second


def _kind(error: PipelineError) -> type[PipelineError]:
    return Permanent if isinstance(error, Permanent) else Transient
