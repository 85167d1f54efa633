"""Who hears, analyses and embeds: the provider the environment names for a purpose, else the local models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

LOCAL_KEY = "local"  # the local server asks for none, the SDK for any


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a model is needed for, how its variables start, what serves it here, and in whose language."""

    name: str
    prefix: str
    local_model: str
    default_model: str
    speaks: Literal["openai", "bedrock"] = "openai"

    @property
    def address(self) -> str:
        """The variable of where it is."""
        return "AWS_ENDPOINT_URL_BEDROCK_RUNTIME" if self.speaks == "bedrock" else f"{self.prefix}_BASE_URL"


TITAN: Final = "amazon.titan-embed-text-v2:0"
PURPOSES = (
    Purpose("speech", "TRANSCRIPTION", "local-whisper-base", "gpt-transcribe"),
    Purpose("analysis", "ANALYSIS", "local-rules", "gpt-6-luna"),
    Purpose("embeddings", "EMBEDDING", "local-minilm", "text-embedding-3-small"),
)
_BY_BEDROCK: Final = Purpose("embeddings", "EMBEDDING", TITAN, TITAN, "bedrock")


def local_purposes(environment: Mapping[str, str]) -> tuple[Purpose, ...]:
    """The purposes for which the environment names no provider."""
    every = any(environment.get(name) for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"))
    return tuple(
        purpose
        for purpose in _purposes(environment)
        if not environment.get(purpose.address) and not (every and purpose.speaks == "openai")
    )


def _purposes(environment: Mapping[str, str]) -> tuple[Purpose, ...]:
    if environment.get("EMBEDDING_PROVIDER") != _BY_BEDROCK.speaks:
        return PURPOSES
    return (*(purpose for purpose in PURPOSES if purpose.name != _BY_BEDROCK.name), _BY_BEDROCK)


def local_variables(purposes: Iterable[Purpose], url: str) -> dict[str, str]:
    """What the services are told so that these purposes are served by the local models at *url*."""
    return {name: value for purpose in purposes for name, value in _told(purpose, url).items()}


def _told(purpose: Purpose, url: str) -> dict[str, str]:
    model = {f"{purpose.prefix}_MODEL": purpose.local_model}
    if purpose.speaks == "bedrock":
        return {purpose.address: url, **model}
    return {purpose.address: f"{url}/v1", f"{purpose.prefix}_API_KEY": LOCAL_KEY, **model}


def described(environment: Mapping[str, str]) -> list[str]:
    """A line for each purpose: which model, and where it is."""
    return [f"{purpose.name}: {_model(purpose, environment)}" for purpose in _purposes(environment)]


def _model(purpose: Purpose, environment: Mapping[str, str]) -> str:
    model = environment.get(f"{purpose.prefix}_MODEL", purpose.default_model)
    if purpose.speaks == "bedrock":
        return f"{model} at {environment.get(purpose.address) or 'Bedrock'}"
    if environment.get(f"{purpose.prefix}_API_KEY") == LOCAL_KEY:
        return f"{model} (on this machine, no key)"
    base = environment.get(f"{purpose.prefix}_BASE_URL") or environment.get("OPENAI_BASE_URL")
    return f"{model} at {base or 'api.openai.com'}"
