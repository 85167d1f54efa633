"""Whether what an operator wants of a model can be had."""

from datetime import date
from typing import Any

import pytest
from common.instruments import introduce
from common.metrics import metrics_on
from common.pipeline import TRANSCRIBE
from common.provider_settings import Provider
from common.settings import SettingsError
from prometheus_client import CollectorRegistry
from transcriber.choice import diarizing, recognising
from transcriber.resources import open_resources
from transcriber_settings import OPENAI, OWN, TODAY, chosen

AFTER = date(2027, 2, 26)


@pytest.mark.parametrize(
    ("wishes", "fault"),
    [
        (
            {"transcription_language": "nn"},
            "TRANSCRIPTION_LANGUAGE: gpt-transcribe takes no nn; leave it out",
        ),
        ({"transcription_words": True}, "TRANSCRIPTION_WORDS: gpt-transcribe tells no times of words"),
        (
            {"transcription_response_format": "verbose_json"},
            "TRANSCRIPTION_RESPONSE_FORMAT: gpt-transcribe does not answer verbose_json",
        ),
        (
            {"transcription_model": "ours", "transcription_max_seconds": 20},
            "CUT_MAX_SECONDS: ours takes 20 s in one request, 30 are more",
        ),
        (
            {"transcription_model": "ours", "cut_max_seconds": 1000},
            "CUT_MAX_SECONDS: ours takes 773 s in one request, 1000 are more",
        ),
        ({"transcription_max_seconds": 20}, "CUT_MAX_SECONDS: gpt-transcribe takes 20 s"),
        ({"transcription_vocabulary_field": "prompt"}, "takes it in keywords; leave it out"),
        ({"transcription_model": "ours", "vocabulary": {"*": ["a"]}}, "VOCABULARY: ours takes none"),
        (
            {"transcription_model": "gpt-4o-transcribe-diarize", "vocabulary": {"*": ["a"]}},
            "VOCABULARY: gpt-4o-transcribe-diarize takes none",
        ),
        (
            {
                "transcription_model": "whisper-1",
                "transcription_words": True,
                "transcription_response_format": "json",
            },
            "TRANSCRIPTION_WORDS: whisper-1",
        ),
    ],
)
def test_what_cannot_be_had_stops_the_service(wishes: dict[str, Any], fault: str) -> None:
    """One error that names the setting, the model and what to do."""
    with pytest.raises(SettingsError, match=fault):
        recognising(chosen(**wishes), OPENAI, TODAY)


def test_every_fault_is_named_at_once() -> None:
    """Whoever mends one need not start again to see the next."""
    wishes = chosen(transcription_language="nn", transcription_words=True)

    with pytest.raises(SettingsError, match=r"2 setting\(s\) to mend(.|\n)*LANGUAGE(.|\n)*WORDS"):
        recognising(wishes, OPENAI, TODAY)


@pytest.mark.parametrize(("provider", "today"), [(OPENAI, date(2027, 2, 25)), (OWN, AFTER)])
def test_a_model_is_used_until_its_last_day(provider: Provider, today: date) -> None:
    """And beyond it, where somebody else serves it."""
    assert "whisper-1" == recognising(chosen(transcription_model="whisper-1"), provider, today).name


def test_a_model_that_was_shut_down_stops_the_service() -> None:
    """Not one call fails for it."""
    told = (
        "TRANSCRIPTION_MODEL: whisper-1 was shut down on 2027-02-26; choose another, such as gpt-transcribe"
    )

    with pytest.raises(SettingsError, match=told):
        recognising(chosen(transcription_model="whisper-1"), OPENAI, AFTER)


@pytest.mark.parametrize(("price", "usd"), [(None, 0.0045), (0.01, 0.01), (0, 0)])
def test_an_operators_price_is_taken_for_theirs(price: float | None, usd: float) -> None:
    """Contracts and regions differ."""
    request = recognising(chosen(transcription_usd_per_minute=price), OPENAI, TODAY)

    assert pytest.approx(usd) == request.row.cost(60)


def test_the_price_of_a_model_nobody_described_is_not_known() -> None:
    """It is not invented."""
    assert recognising(chosen(transcription_model="ours"), OWN, TODAY).row.cost(60) is None


@pytest.mark.parametrize("name", ["gpt-transcribe", "ours"])
def test_who_cannot_tell_speakers_apart_is_not_asked_to(name: str) -> None:
    """At start, not at the first call."""
    told = (
        f"DIARIZATION_MODEL: {name} is not known to tell speakers apart; known is gpt-4o-transcribe-diarize"
    )

    with pytest.raises(SettingsError, match=told):
        diarizing(chosen(diarization_model=name), OPENAI, TODAY)


def test_speakers_are_told_apart_only_where_it_is_wanted() -> None:
    """The default is one unknown speaker, at no cost."""
    assert diarizing(chosen(), OPENAI, TODAY) is None


def test_a_diarising_model_that_is_gone_stops_the_service() -> None:
    """As any other."""
    with pytest.raises(SettingsError, match="DIARIZATION_MODEL: gpt-4o-transcribe-diarize was shut down"):
        diarizing(chosen(diarization_model="gpt-4o-transcribe-diarize"), OPENAI, AFTER)


@pytest.mark.parametrize("wishes", [{"transcription_words": True}, {"diarization_model": "gpt-transcribe"}])
async def test_the_service_does_not_start_with_a_wish_in_vain(wishes: dict[str, Any]) -> None:
    """Before it looks for its servers."""
    with pytest.raises(SettingsError):
        async with open_resources(chosen(**wishes)):
            pass


def test_the_end_of_the_diarising_model_is_announced_too(capfd: pytest.CaptureFixture[str]) -> None:
    """It retires with the recogniser of its time."""
    settings = chosen(diarization_model="gpt-4o-transcribe-diarize")

    introduce(TRANSCRIBE, settings, metrics_on(CollectorRegistry()), lambda: TODAY.replace(month=12))

    (told,) = (line for line in capfd.readouterr().out.splitlines() if "model.retires" in line)
    assert "gpt-4o-transcribe-diarize" in told
