"""Examine the providers of models: reachable, our key taken, the model theirs. Costs nothing."""

from typing import Final, Literal

from openai import APIStatusError, AsyncOpenAI, NotFoundError, OpenAIError

from common.clients import open_bedrock, open_openai
from common.ctl.findings import Finding, ok, wrong
from common.errors import Permanent, PipelineError
from common.provider_settings import OpenAISettings, Provider
from common.settings import AwsSettings
from common.vectors.bedrock import bedrock_answers
from common.vectors.settings import Bedrock, EmbeddingSettings

Purpose = Literal["transcription", "analysis", "embedding"]
TIMEOUT = 4.0  # seconds
NOTHING: Final = '{"inputText": ""}'
_REMEDIES: Final = {
    "provider_denied": "allow bedrock:InvokeModel on the model, and see that the region offers it",
    "provider_quota": "ask AWS for a higher quota of the model",
    "provider_busy": "try again; ask AWS for more requests a minute if it goes on",
}
_ELSE: Final = "check AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_REGION and the network"


async def provider(settings: OpenAISettings, purpose: Purpose) -> list[Finding]:
    """Whether this purpose's provider knows its model."""
    check, model = f"provider.{purpose}", str(getattr(settings, f"{purpose}_model"))
    async with open_openai(Provider(settings, purpose), read_timeout=TIMEOUT) as client:
        try:
            await _known(client, model)
        except APIStatusError as error:
            return [_answered(check, purpose, model, error.status_code)]
        except OpenAIError as error:
            told = f"does not answer ({type(error).__name__})"
            return [wrong(check, told, f"check {purpose.upper()}_BASE_URL and the network")]
    return [ok(check, f"knows {model}")]


async def _known(client: AsyncOpenAI, model: str) -> None:
    """Ask for the model, and whoever knows no such question for the list of all; raise what is answered."""
    try:
        await client.models.retrieve(model)
    except NotFoundError:
        if model not in {one.id for one in (await client.models.list()).data}:
            raise


async def bedrock(settings: EmbeddingSettings, aws: AwsSettings) -> list[Finding]:
    """Whether our role may ask Bedrock for the model; a text of nothing is refused, and costs nothing."""
    check, asked = "provider.embedding", Bedrock(settings, aws)
    async with open_bedrock(asked.endpoint, aws.aws_region, read_timeout=TIMEOUT) as client:
        try:
            with bedrock_answers("asking Bedrock"):
                await client.invoke_model(modelId=asked.model, body=NOTHING)
        except Permanent:
            return [ok(check, f"Bedrock knows {asked.model}")]
        except PipelineError as error:
            return [wrong(check, str(error), _REMEDIES.get(error.reason, _ELSE))]
    return [wrong(check, "an empty text was embedded", "check AWS_ENDPOINT_URL_BEDROCK_RUNTIME")]


def _answered(check: str, purpose: str, model: str, status: int) -> Finding:
    if status in {401, 403}:
        return wrong(check, "the key is refused", f"check {purpose.upper()}_API_KEY or OPENAI_API_KEY")
    if status in {404, 405}:
        remedy = f"check {purpose.upper()}_MODEL, unless this server lists no models"
        return wrong(check, f"lists no model {model}", remedy, state="warn")
    return wrong(check, f"answers with status {status}", "try again; see the provider's status page")
