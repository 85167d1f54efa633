"""The local models as Bedrock: what the pipeline asks through botocore, end to end, and what they refuse."""

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from botocore.exceptions import ClientError
from common.clients import open_bedrock
from common.ctl import exam_provider
from common.errors import Permanent
from common.gate import Gate, Patience
from common.providers import Untaken
from common.settings import AwsSettings
from common.vectors import Embedder, Vector
from common.vectors.opening import open_embedder
from common.vectors.settings import EmbeddingSettings, embedding_provider
from common.vectors.titan import TitanEmbedder
from integration.provider import LOOPBACK
from onebox.models import weights
from onebox.models.minilm import SentenceEncoder
from onebox.models.server import Models, create_app
from onebox.process import reserved_port
from onebox.providers import local_purposes, local_variables

TITAN = "amazon.titan-embed-text-v2:0"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(weights.minilm())


@pytest.fixture
async def url(encoder: SentenceEncoder) -> AsyncIterator[str]:
    nobody: Any = None
    runner = web.AppRunner(create_app(Models(speech=nobody, encoder=encoder, assistant=nobody)))
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def client(url: str) -> AsyncIterator[Any]:
    async with open_bedrock(url, REGION, read_timeout=30) as client:
        yield client


@pytest.fixture
async def embedder(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Embedder]:
    """As the services open it, told what ``make run`` tells them."""
    chosen = {"EMBEDDING_PROVIDER": "bedrock", "AWS_REGION": REGION}
    for name, value in {**chosen, **local_variables(local_purposes(chosen), url)}.items():
        monkeypatch.setenv(name, value)
    settings, aws = EmbeddingSettings.read(), AwsSettings.read()
    provider = embedding_provider(settings, aws)
    gate = Gate(provider.name, provider.model, patience=Patience(hold=0))
    async with open_embedder(settings, aws, gate, read_timeout=30) as opened:
        yield opened


def likeness(one: Vector, other: Vector) -> float:
    """Of two unit vectors."""
    return sum(x * y for x, y in zip(one, other, strict=True))


async def test_a_stack_that_chooses_bedrock_embeds_here(embedder: Embedder) -> None:
    """At no cost, in vectors by which the nearer text is found."""
    texts = ("The price is too high.", "That costs too much.", "We sail on Sunday.")
    found = [await embedder.embed([text]) for text in texts]

    ((price,), (cost,), (sail,)) = (one.vectors for one in found)
    assert likeness(price, cost) > likeness(price, sail) + 0.2
    assert 1.0 == pytest.approx(likeness(price, price), abs=1e-5)
    assert (TITAN, 1024, 1024) == (embedder.model, embedder.dimensions, len(price))
    assert {("local", 0.0)} == {(one.work.provider, one.work.cost_usd) for one in found}
    assert found[0].work.input_tokens > 0


@pytest.mark.parametrize("dimensions", [1024, 512, 256])
async def test_vectors_have_the_size_that_was_asked_for(client: Any, dimensions: int) -> None:
    """And length one."""
    titan = TitanEmbedder(client, Gate("local", TITAN, patience=Patience(hold=0)), dimensions)

    ((vector,)) = (await titan.embed(["Hello there."])).vectors
    assert dimensions == len(vector)
    assert 1.0 == pytest.approx(math.fsum(x * x for x in vector), abs=1e-5)


async def test_every_field_of_the_wire_is_answered(client: Any) -> None:
    """As the service's documentation has it, the count of tokens in a header, too."""
    body = {
        "inputText": "Hello.",
        "dimensions": 256,
        "normalize": True,
        "embeddingTypes": ["float", "binary"],
    }
    answer = await client.invoke_model(modelId=TITAN, body=json.dumps(body))
    read = json.loads(await answer["body"].read())

    assert {"embedding", "embeddingsByType", "inputTextTokenCount"} == set(read)
    assert read["embedding"] == read["embeddingsByType"]["float"]
    assert {0, 1} == set(read["embeddingsByType"]["binary"])
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert str(read["inputTextTokenCount"]) == headers["x-amzn-bedrock-input-token-count"]


REFUSED = {
    "nothing": {"inputText": ""},
    "no text": {"dimensions": 256},
    "another size": {"inputText": "x", "dimensions": 384},
    "a text for a number": {"inputText": "x", "dimensions": "256"},
    "another field": {"inputText": "x", "input": "y"},
    "another kind": {"inputText": "x", "embeddingTypes": ["int8"]},
    "too many letters": {"inputText": "x" * 50_001},
    "too many tokens": {"inputText": "a b " * 5000},
    "a list": ["x"],
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
async def test_what_the_service_refuses_is_refused(client: Any, body: Any) -> None:
    """By the exception that botocore knows, quoting nothing of the text."""
    with pytest.raises(ClientError) as error:
        await client.invoke_model(modelId=TITAN, body=json.dumps(body))

    assert ("ValidationException", 400) == (
        error.value.response["Error"]["Code"],
        error.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )


async def test_a_wrong_model_pauses_and_a_long_text_fails(client: Any) -> None:
    """As our edge tells one from the other."""
    unknown, known = (
        TitanEmbedder(client, Gate("local", model, patience=Patience(hold=0)), 256)
        for model in ("amazon.titan-embed-text-v9", TITAN)
    )
    with pytest.raises(Untaken) as denied:
        await unknown.embed(["x"])
    with pytest.raises(Permanent) as refused:
        await known.embed(["a b " * 5000])

    assert ("provider_denied", "provider_refused") == (denied.value.reason, refused.value.reason)


async def test_a_request_that_nobody_signed_is_refused(url: str) -> None:
    """As AWS's own gate does it."""
    async with aiohttp.request("POST", f"{url}/model/{TITAN}/invoke", json={"inputText": "x"}) as answer:
        kind = answer.headers["x-amzn-errortype"]

    assert (403, "MissingAuthenticationTokenException") == (answer.status, kind.split(":")[0])


async def test_a_doctor_is_told_what_the_role_may(
    embedder: Embedder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without paying for a vector: the model is known, the server is not there, the model is not offered."""
    with reserved_port(0) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://{LOOPBACK}:{port}")
    gone = await exam_provider.bedrock(EmbeddingSettings.read(), AwsSettings.read())
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url)
    settings, aws = EmbeddingSettings.read(), AwsSettings.read()
    known = await exam_provider.bedrock(settings, aws)
    other = settings.model_copy(update={"embedding_model": "amazon.titan-embed-text-v9"})
    denied = await exam_provider.bedrock(other, aws)

    assert [["fail"], ["ok"], ["fail"]] == [[each.state for each in found] for found in (gone, known, denied)]
    assert [f"Bedrock knows {embedder.model}"] == [each.told for each in known]
    assert "bedrock:InvokeModel" in str(denied[0].remedy)
