"""Titan on Bedrock, as botocore asks it over HTTP: the wire to the letter, one outcome for each answer."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from common.clients import open_bedrock
from common.errors import Permanent, PipelineError, Transient
from common.gate import Gate, Patience
from common.model import Work
from common.providers import MAX_RETRY_AFTER, Untaken
from common.vectors.titan import TitanEmbedder
from integration.provider import LOOPBACK
from onebox.process import reserved_port

TITAN = "amazon.titan-embed-text-v2:0"
SAID = "my pin is 1234"


@dataclass
class Bedrock:
    """A service that notes what it is asked, and answers what it is told to."""

    status: int = 200
    error: str | None = None
    body: Any = None
    after: str | None = None
    url: str = ""

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.raw_path, headers, await request.read()))
        kind = {"x-amzn-errortype": f"{self.error}:http://internal/"} if self.error else {}
        wait = {"retry-after": self.after} if self.after else {}
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        told = {**kind, **wait}
        return web.Response(text=text, status=self.status, headers=told, content_type="application/json")


@asynccontextmanager
async def serving(bedrock: Bedrock) -> AsyncIterator[Bedrock]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", bedrock.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    bedrock.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    try:
        yield bedrock
    finally:
        await runner.cleanup()


@pytest.fixture
async def bedrock() -> AsyncIterator[Bedrock]:
    async with serving(Bedrock(body={"embedding": [0.6, 0.8], "inputTextTokenCount": 7})) as service:
        yield service


@pytest.fixture
async def titan(bedrock: Bedrock) -> AsyncIterator[TitanEmbedder]:
    async with open_bedrock(bedrock.url, "eu-central-1", read_timeout=60) as client:
        yield TitanEmbedder(client, gate(), 2)


def gate() -> Gate:
    """Holds nothing on: what is refused is refused at once."""
    return Gate("aws.bedrock", TITAN, patience=Patience(hold=0))


async def test_the_request_is_what_the_service_takes(bedrock: Bedrock, titan: TitanEmbedder) -> None:
    """To the letter: path, content type, signature's scope and body."""
    await titan.embed(["Grüß Gott"])

    ((method, path, headers, body),) = bedrock.asked
    assert ("POST", "/model/amazon.titan-embed-text-v2%3A0/invoke") == (method, path)
    assert rb'{"inputText": "Gr\u00fc\u00df Gott", "dimensions": 2, "normalize": true}' == body
    assert ("application/json", "application/json") == (headers["content-type"], headers["accept"])
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert "/eu-central-1/bedrock/aws4_request" in headers["authorization"]


async def test_a_text_has_its_vector(titan: TitanEmbedder) -> None:
    """And what it took is what the service counted."""
    embedded = await titan.embed(["one"])

    assert [[0.6, 0.8]] == [list(vector) for vector in embedded.vectors]
    assert embedded.work == Work(
        provider="aws.bedrock", model=TITAN, cost_usd=1.4e-07, requests=1, input_tokens=7
    )


WAIT = MAX_RETRY_AFTER
INVALID = "ValidationException"
NO_SUCH = "The provided model identifier is invalid."
ON_DEMAND = f"Invocation of model ID {TITAN} with on-demand throughput isn’t supported. {SAID}"
ANSWERS = {
    "throttled": (429, "ThrottlingException", SAID, Untaken, "provider_busy", 7.0),
    "not ready": (429, "ModelNotReadyException", SAID, Untaken, "provider_unavailable", 7.0),
    "unavailable": (503, "ServiceUnavailableException", SAID, Untaken, "provider_unavailable", 7.0),
    "no quota": (400, "ServiceQuotaExceededException", SAID, Untaken, "provider_quota", WAIT),
    "timed out": (408, "ModelTimeoutException", SAID, Transient, "provider_unavailable", 7.0),
    "stumbled": (424, "ModelErrorException", SAID, Transient, "provider_unavailable", 7.0),
    "down": (500, "InternalServerException", SAID, Transient, "provider_unavailable", 7.0),
    "role refused": (403, "AccessDeniedException", SAID, Untaken, "provider_denied", WAIT),
    "token expired": (403, "ExpiredTokenException", SAID, Untaken, "provider_denied", WAIT),
    "no such model": (404, "ResourceNotFoundException", SAID, Untaken, "provider_denied", WAIT),
    "no such name": (400, INVALID, NO_SUCH, Untaken, "provider_denied", WAIT),
    "not on demand": (400, INVALID, ON_DEMAND, Untaken, "provider_denied", WAIT),
    "too long": (400, INVALID, f"Too many input tokens. {SAID}", Permanent, "provider_refused", None),
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "reason", "wait"), ANSWERS.values(), ids=ANSWERS.keys()
)
async def test_each_refusal_has_exactly_one_outcome(
    bedrock: Bedrock,
    titan: TitanEmbedder,
    status: int,
    name: str,
    message: str,
    kind: type[PipelineError],
    reason: str,
    wait: float | None,
) -> None:
    """One request, never a second by botocore; a wrong role or model is nobody's message; no word is told."""
    bedrock.status, bedrock.error, bedrock.body, bedrock.after = status, name, {"message": message}, "7"

    with pytest.raises(PipelineError) as error:
        await titan.embed([SAID])

    assert kind is type(error.value)
    assert (reason, wait) == (error.value.reason, getattr(error.value, "retry_after", None))
    assert "1234" not in str(error.value)
    assert 1 == len(bedrock.asked)


NO_ANSWERS = {
    "garbage": "{{{",
    "no vector": {"inputTextTokenCount": 5},
    "no count": {"embedding": [0.6, 0.8]},
    "another size": {"embedding": [1.0], "inputTextTokenCount": 5},
    "nowhere": {"embedding": [0.0, 0.0], "inputTextTokenCount": 5},
    "beyond bounds": {"embedding": [1e300, 0.0], "inputTextTokenCount": 5},
    "words": {"embedding": ["a", "b"], "inputTextTokenCount": 5},
}


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_what_is_no_answer_is_asked_for_again(
    bedrock: Bedrock, titan: TitanEmbedder, body: Any
) -> None:
    """Later, and none of it reaches the index."""
    bedrock.body = body

    with pytest.raises(Transient) as error:
        await titan.embed([SAID])

    assert "provider_answer" == error.value.reason


async def test_a_server_that_is_not_there_has_not_been_asked() -> None:
    """Nothing was sent, so nothing is billed."""
    with reserved_port(0) as port:
        url = f"http://{LOOPBACK}:{port}"
    async with open_bedrock(url, "eu-central-1", read_timeout=60) as client:
        with pytest.raises(Untaken, match="EndpointConnectionError"):
            await TitanEmbedder(client, gate()).embed([SAID])


async def test_credentials_that_are_not_there_are_no_messages_fault(
    bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """The stage pauses, as for a wrong key."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    async with open_bedrock(bedrock.url, "eu-central-1", read_timeout=60) as client:
        with pytest.raises(Untaken) as error:
            await TitanEmbedder(client, gate()).embed([SAID])

    assert ("provider_denied", []) == (error.value.reason, bedrock.asked)


@pytest.mark.parametrize("text", ["", "x" * 50_001], ids=["nothing", "too much"])
async def test_what_the_model_never_takes_is_not_sent(
    bedrock: Bedrock, titan: TitanEmbedder, text: str
) -> None:
    """The refusal says how much it would take."""
    with pytest.raises(Permanent, match="from 1 to 50000 characters"):
        await titan.embed([text])

    assert [] == bedrock.asked
