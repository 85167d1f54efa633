"""What each model is asked: what its row holds, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from common.model import CallKey
from openai import AsyncOpenAI
from transcriber.choice import diarizing, recognising
from transcriber.cuts import Cut
from transcriber.diarizer import Reference, SpeakerModel
from transcriber.speech import Clip
from transcriber_settings import OPENAI, TODAY, chosen
from transcription_server import Provider, recogniser, serving, transcriptions

CALL = CallKey(tenant_id="acme", call_id="c-42")
VOCABULARY = {"acme": ["Kovács <Éva>", "Callstream"], "*": ["callstream", "SaaS"], "other": ["Geheim"]}
WISHES: dict[str, Any] = {"transcription_language": "de", "vocabulary": VOCABULARY}
TIMES = ["segment", "word"]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
async def client(provider: Provider) -> AsyncIterator[AsyncOpenAI]:
    async with serving(provider) as client:
        yield client


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    track = tmp_path / "channel.pcm"
    np.arange(64_000, dtype="<u2").tofile(track)
    return Clip(CALL, "etag", Cut(0, 0, 16_000), track)


@pytest.mark.parametrize(
    ("wishes", "fields"),
    [
        ({}, {"model": ["gpt-transcribe"], "response_format": ["json"]}),
        (
            WISHES,
            {
                "model": ["gpt-transcribe"],
                "response_format": ["json"],
                "languages[]": ["de"],
                "keywords[]": ["Kovács Éva", "Callstream", "SaaS"],
            },
        ),
        (
            {"transcription_model": "whisper-1", **WISHES},
            {
                "model": ["whisper-1"],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": TIMES,
                "language": ["de"],
                "prompt": ["Kovács Éva, Callstream, SaaS"],
            },
        ),
        (
            {"transcription_model": "whisper-1", "transcription_words": False},
            {
                "model": ["whisper-1"],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": ["segment"],
            },
        ),
        (
            {"transcription_model": "gpt-4o-mini-transcribe-2025-12-15", **WISHES},
            {
                "model": ["gpt-4o-mini-transcribe-2025-12-15"],
                "response_format": ["json"],
                "include[]": ["logprobs"],
                "language": ["de"],
                "prompt": ["Kovács Éva, Callstream, SaaS"],
            },
        ),
        (
            {"transcription_model": "gpt-4o-transcribe-diarize", "transcription_language": "de"},
            {
                "model": ["gpt-4o-transcribe-diarize"],
                "response_format": ["json"],
                "chunking_strategy": ["auto"],
                "language": ["de"],
            },
        ),
        (
            {"transcription_model": "local-whisper-base"},
            {"model": ["local-whisper-base"], "response_format": ["json"]},
        ),
        (
            {"transcription_model": "local-whisper-base", "transcription_words": True},
            {
                "model": ["local-whisper-base"],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": TIMES,
            },
        ),
        (
            {"transcription_model": "ours", "transcription_language": "haw"},
            {"model": ["ours"], "response_format": ["json"], "language": ["haw"]},
        ),
        (
            {
                "transcription_model": "ours",
                "transcription_response_format": "verbose_json",
                "transcription_vocabulary_field": "keywords",
                **WISHES,
            },
            {
                "model": ["ours"],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": ["segment"],
                "language": ["de"],
                "keywords[]": ["Kovács Éva", "Callstream", "SaaS"],
            },
        ),
    ],
)
async def test_nothing_is_sent_that_a_model_does_not_take(
    provider: Provider,
    client: AsyncOpenAI,
    clip: Clip,
    wishes: dict[str, Any],
    fields: dict[str, list[str]],
) -> None:
    """To the field: a server may ignore in silence what it does not know."""
    settings = chosen(**wishes)

    await recogniser(client, recognising(settings, OPENAI, TODAY), settings.vocabulary).recognise(clip)

    assert [fields] == provider.fields


@pytest.fixture
def speaker_model(client: AsyncOpenAI) -> SpeakerModel:
    request = diarizing(chosen(diarization_model="gpt-4o-transcribe-diarize", **WISHES), OPENAI, TODAY)
    assert request is not None
    return SpeakerModel(transcriptions(client, request.name), request)


async def test_who_tells_speakers_apart_is_told_how_they_sound(
    provider: Provider, speaker_model: SpeakerModel, clip: Clip
) -> None:
    """By name and sound, as data URLs; no vocabulary, for it takes none."""
    provider.body = {"text": "", "segments": []}
    known = [Reference("speaker 1", Clip(CALL, "etag", Cut(0, 16_000, 56_000), clip.track))]

    await speaker_model.hear(clip, known)

    (fields,) = provider.fields
    (voice,) = fields.pop("known_speaker_references[]")
    assert {
        "model": ["gpt-4o-transcribe-diarize"],
        "response_format": ["diarized_json"],
        "chunking_strategy": ["auto"],
        "language": ["de"],
        "known_speaker_names[]": ["speaker 1"],
    } == fields
    assert voice.startswith("data:audio/wav;base64,UklGR")
    assert len(voice) > 2.5 * 32_000


async def test_turns_are_what_the_server_ascribes_to_somebody(
    provider: Provider, speaker_model: SpeakerModel, clip: Clip
) -> None:
    """Within the clip; of what nobody can have said only the reason is left."""
    provider.body = {
        "text": "…",
        "segments": [
            {"start": 0.0, "end": 0.5, "speaker": "A", "text": " Hello there. "},
            {"start": 0.5, "end": 0.9, "speaker": "B", "text": "you " * 12},
            {"start": 0.9, "end": 1.2, "speaker": "B", "text": "Hi."},
        ],
    }

    heard = await speaker_model.hear(clip, [])

    assert [
        ("A", 0, 500, "Hello there.", None),
        ("B", 500, 900, "", "loop"),
        ("B", 900, 1000, "Hi.", None),
    ] == [(turn.speaker, turn.start_ms, turn.end_ms, turn.text, turn.refused) for turn in heard.turns]
    assert ("Hello there. Hi.", "de", 1, None) == (heard.text, heard.language, heard.seconds, heard.refused)


@pytest.mark.parametrize(
    ("segments", "why"),
    [([], "no_words"), ([{"start": 0, "end": 1, "speaker": "A", "text": "you " * 12}], "loop")],
)
async def test_a_clip_of_which_no_turn_is_left_is_refused(
    provider: Provider, speaker_model: SpeakerModel, clip: Clip, segments: list[Any], why: str
) -> None:
    """With the reason, and paid."""
    provider.body = {"text": "you you", "segments": segments}

    heard = await speaker_model.hear(clip, [])

    assert ("", (), why, 1) == (heard.text, heard.turns, heard.refused, heard.seconds)
