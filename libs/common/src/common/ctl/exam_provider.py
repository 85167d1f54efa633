"""Examine the providers of models: reachable, our key taken, the model theirs. Costs nothing."""

from typing import Literal

from openai import APIStatusError, OpenAIError

from common.clients import open_openai
from common.ctl.findings import Finding, ok, wrong
from common.settings import OpenAISettings, Provider

Purpose = Literal["transcription", "analysis", "embedding"]
TIMEOUT = 4.0  # seconds


async def provider(settings: OpenAISettings, purpose: Purpose) -> list[Finding]:
    """Whether this purpose's provider knows its model."""
    check, model = f"provider.{purpose}", str(getattr(settings, f"{purpose}_model"))
    async with open_openai(Provider(settings, purpose), read_timeout=TIMEOUT) as client:
        try:
            await client.models.retrieve(model)
        except APIStatusError as error:
            return [_answered(check, purpose, model, error.status_code)]
        except OpenAIError as error:
            told = f"does not answer ({type(error).__name__})"
            return [wrong(check, told, f"check {purpose.upper()}_BASE_URL and the network")]
    return [ok(check, f"knows {model}")]


def _answered(check: str, purpose: str, model: str, status: int) -> Finding:
    if status in {401, 403}:
        return wrong(check, "the key is refused", f"check {purpose.upper()}_API_KEY or OPENAI_API_KEY")
    if status in {404, 405}:
        remedy = f"check {purpose.upper()}_MODEL, unless this server lists no models"
        return wrong(check, f"lists no model {model}", remedy, state="warn")
    return wrong(check, f"answers with status {status}", "try again; see the provider's status page")
