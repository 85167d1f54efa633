"""Forms for speech are understood whole, or refused."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from onebox.models.errors import ApiError
from onebox.models.speech import Heard, UndecodableError, decode, without_loops
from onebox.models.transcriptions import Fields, render, understand

LANGUAGES = frozenset({"en", "de"})


def form(**fields: list[str]) -> Fields:
    return {"model": ["gpt-transcribe"], **fields}


def test_what_the_cloud_model_takes_is_taken() -> None:
    """Languages, prompt and keywords reach the recogniser."""
    asked = understand(
        b"audio", form(languages=["en", "de"], prompt=["A call."], keywords=["Callstream", "Opus"]), LANGUAGES
    )

    assert (("en", "de"), "A call.", ("Callstream", "Opus")) == (
        asked.question.languages,
        asked.question.prompt,
        asked.question.keywords,
    )
    assert "json" == asked.response_format


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (form(response_format=["srt"]), "response_format"),
        (form(response_format=["diarized_json"]), "response_format"),
        (form(stream=["true"]), "stream"),
        (form(temperature=["0.7"]), "temperature"),
        (form(temperature=["warm"]), "temperature"),
        (form(language=["xx"]), "language"),
        (form(language=["en"], languages=["de"]), "languages"),
        (form(keywords=["<b>"]), "keywords"),
        (form(keywords=["two\nlines"]), "keywords"),
        (form(timestamp_granularities=["word"]), "timestamp_granularities"),
        (form(timestamp_granularities=["phone"]), "timestamp_granularities"),
        (form(prompt=["a", "b"]), "prompt"),
        (form(bogus=["1"]), "bogus"),
        ({}, "model"),
    ],
)
def test_what_is_not_understood_is_refused(fields: Fields, param: str) -> None:
    """The refusal names the field."""
    with pytest.raises(ApiError) as refusal:
        understand(b"audio", fields, LANGUAGES)

    assert (400, param) == (refusal.value.status, refusal.value.param)


def test_words_and_segments_carry_their_times() -> None:
    """verbose_json has what was asked for, in seconds."""
    word: Any = SimpleNamespace(word=" Hello", start=0.1, end=0.5)
    segment: Any = SimpleNamespace(
        start=0.0, end=1.0, seek=0, text=" Hello", tokens=[1], temperature=0.0, avg_logprob=-0.1,
        compression_ratio=1.0, no_speech_prob=0.0, words=[word],
    )  # fmt: skip
    both = form(response_format=["verbose_json"], timestamp_granularities=["word", "segment"])

    response = render(understand(b"a", both, LANGUAGES), Heard("Hello", "en", 1.2, [segment]))

    body = json.loads(response.text or "")
    assert [{"word": "Hello", "start": 0.1, "end": 0.5}] == body["words"]
    assert [(0.0, 1.0)] == [(one["start"], one["end"]) for one in body["segments"]]
    assert {"type": "duration", "seconds": 2} == body["usage"]


def test_silence_has_no_language() -> None:
    """As the cloud model says it: an empty list."""
    response = render(understand(b"a", form(), LANGUAGES), Heard("", "en", 1.0, []))

    assert {"text": "", "languages": [], "usage": {"type": "duration", "seconds": 1}} == json.loads(
        response.text or ""
    )


@pytest.mark.parametrize("recording", [b"", b"not audio at all", b"RIFF" + bytes(60)])
def test_what_is_no_audio_is_refused(recording: bytes) -> None:
    """With a sentence, not with a decoder's trace."""
    with pytest.raises(UndecodableError):
        decode(recording)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I know. I know. I know. I know. I know.", "I know."),
        ("No no no, thank you, thank you.", "No no no, thank you, thank you."),
    ],
)
def test_a_recogniser_in_a_loop_is_cut_short(text: str, expected: str) -> None:
    """People repeat themselves three times; a loop does not stop there."""
    assert expected == without_loops(text)
