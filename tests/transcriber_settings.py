"""The transcriber's settings as tests choose them, and the providers they are asked of."""

from datetime import date
from typing import Any

from common.provider_settings import Provider
from contract.harness import settings
from transcriber.settings import Settings

TODAY = date(2026, 11, 22)


def chosen(**wishes: Any) -> Settings:
    """What is needed, and some wishes by field."""
    return Settings.model_validate(settings() | wishes)


OPENAI = Provider(chosen(), "transcription")
OWN = Provider(chosen(transcription_base_url="https://speech.internal/v1"), "transcription")
