"""Who hears, analyses and embeds: the provider the environment names for a purpose, else the local models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LOCAL_KEY = "local"  # the local server asks for none, the SDK for any


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a model is needed for, how its variables start, and what serves it here."""

    name: str
    prefix: str
    local_model: str
    default_model: str


PURPOSES = (
    Purpose("speech", "TRANSCRIPTION", "local-whisper-base", "gpt-transcribe"),
    Purpose("analysis", "ANALYSIS", "local-rules", "gpt-6-luna"),
    Purpose("embeddings", "EMBEDDING", "local-minilm", "text-embedding-3-small"),
)


def local_purposes(environment: Mapping[str, str]) -> tuple[Purpose, ...]:
    """The purposes for which the environment names no provider."""
    if environment.get("OPENAI_API_KEY") or environment.get("OPENAI_BASE_URL"):
        return ()
    return tuple(purpose for purpose in PURPOSES if not environment.get(f"{purpose.prefix}_BASE_URL"))


def local_variables(purposes: Iterable[Purpose], url: str) -> dict[str, str]:
    """What the services are told so that these purposes are served by the local models at *url*."""
    return {
        name: value
        for purpose in purposes
        for name, value in (
            (f"{purpose.prefix}_BASE_URL", f"{url}/v1"),
            (f"{purpose.prefix}_API_KEY", LOCAL_KEY),
            (f"{purpose.prefix}_MODEL", purpose.local_model),
        )
    }


def described(environment: Mapping[str, str]) -> list[str]:
    """A line for each purpose: which model, and where it is."""
    return [f"{purpose.name}: {_model(purpose, environment)}" for purpose in PURPOSES]


def _model(purpose: Purpose, environment: Mapping[str, str]) -> str:
    model = environment.get(f"{purpose.prefix}_MODEL", purpose.default_model)
    if environment.get(f"{purpose.prefix}_API_KEY") == LOCAL_KEY:
        return f"{model} (on this machine, no key)"
    base = environment.get(f"{purpose.prefix}_BASE_URL") or environment.get("OPENAI_BASE_URL")
    return f"{model} at {base or 'api.openai.com'}"
