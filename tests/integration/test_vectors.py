"""An embedding model over HTTP: a vector for each text, in order, or one typed failure."""

import base64
import struct
from collections.abc import AsyncIterator

import pytest
from common.errors import Permanent, PipelineError, Transient
from common.gate import Gate, Patience
from common.model import Work
from common.providers import MAX_RETRY_AFTER
from common.vectors import Embedder
from common.vectors.openai import OpenAIEmbedder
from integration.provider import Desk, Reply, open_client, open_desk, refusal, vectors


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as desk:
        yield desk


@pytest.fixture
async def embedder(desk: Desk) -> AsyncIterator[Embedder]:
    async with open_client(desk.url) as client:
        yield OpenAIEmbedder(client, Gate("openai", "text-embedding-3-small", patience=Patience(hold=0)), 2)


async def test_each_text_has_its_vector(desk: Desk, embedder: Embedder) -> None:
    """In the order of the texts, whatever the order of the answer."""
    swapped = [
        {"object": "embedding", "index": 1, "embedding": [0.0, 2.0]},
        {"object": "embedding", "index": 0, "embedding": [1.0, 0.0]},
    ]
    desk.replies = [vectors(data=swapped)]

    embedded = await embedder.embed(["one", "two"])

    assert [[1.0, 0.0], [0.0, 2.0]] == [list(vector) for vector in embedded.vectors]
    assert embedded.work == Work(
        provider="openai", model="text-embedding-3-small", cost_usd=1.4e-07, requests=1, input_tokens=7
    )


OUTCOMES = {
    "busy": (refusal(429, after="7"), Transient, "provider_busy", 7.0),
    "quota": (refusal(429, code="insufficient_quota"), Transient, "provider_quota", MAX_RETRY_AFTER),
    "down": (refusal(500), Transient, "provider_unavailable", None),
    "key refused": (refusal(401), Transient, "provider_denied", MAX_RETRY_AFTER),
    "bad request": (refusal(400), Permanent, "provider_refused", None),
    "garbage": (Reply("{{{"), Transient, "provider_answer", None),
    "not even an answer": (Reply({}), Transient, "provider_answer", None),
    "too few vectors": (vectors([1.0]), Transient, "provider_answer", None),
    "vectors of two sizes": (vectors([1.0], [2.0, 3.0]), Transient, "provider_answer", None),
    "too many vectors": (vectors([1.0], [2.0], [3.0]), Transient, "provider_answer", None),
}


@pytest.mark.parametrize(("reply", "kind", "reason", "wait"), OUTCOMES.values(), ids=OUTCOMES.keys())
async def test_each_answer_has_exactly_one_outcome(
    desk: Desk, embedder: Embedder, reply: Reply, kind: type[PipelineError], reason: str, wait: float | None
) -> None:
    """One request, one typed failure, and no word of the call in it."""
    desk.replies = [reply]

    with pytest.raises(PipelineError) as error:
        await embedder.embed(["my pin is 1234", "two"])

    assert isinstance(error.value, kind)
    assert reason == error.value.reason
    assert wait == getattr(error.value, "retry_after", None)
    assert "1234" not in str(error.value)
    assert 1 == len(desk.asked)


async def test_vectors_come_as_bytes_and_only_as_long_as_they_were_asked_for(desk: Desk) -> None:
    """The client asks for base64 by itself; a size is sent to models that know it, and to no others."""
    packed = base64.b64encode(struct.pack("<2f", 0.5, -0.25)).decode()
    desk.replies = [vectors(data=[{"object": "embedding", "index": 0, "embedding": packed}])]
    async with open_client(desk.url) as client:
        for model, dimensions in (
            ("text-embedding-3-small", 2),
            ("text-embedding-3-small", None),
            ("bge-m3", 2),
        ):
            embedder = OpenAIEmbedder(client, Gate("openai", model, patience=Patience(hold=0)), dimensions)
            embedder.dimensions = 2
            found = await embedder.embed(["one"])
            assert [[0.5, -0.25]] == [list(vector) for vector in found.vectors]

    assert [2, None, None] == [asked.get("dimensions") for asked in desk.asked]
    assert {"base64"} == {asked["encoding_format"] for asked in desk.asked}
