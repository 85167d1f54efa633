"""Chunks to be indexed, and questions to be asked of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from common.index import ChunkIndex, Query, Shape
from common.model import CallFacts, CallKey, Chunk, ChunkFinding
from common.vectors import Vector
from nouns import KEY

MODEL = "text-embedding-3-small"
AT_ONCE = Shape(replicas=0, refresh_seconds=0.05)
"""A test need not wait a second for each call to be found."""
MONEY: Vector = (1.0, 0.0, 0.0)
TIME: Vector = (0.0, 1.0, 0.0)
PEOPLE: Vector = (0.0, 0.0, 1.0)
ANNA = CallFacts(started_at=datetime(2026, 3, 2, 9, tzinfo=UTC), agent="Anna", sentiment="negative")
PRICE = ChunkFinding(type="pain_point", subject="price", state="high", quote="way beyond")


def chunk(n: int, text: str, key: CallKey = KEY, **more: Any) -> Chunk:
    """A chunk a minute into the call for each one before it."""
    times = {"start_ms": n * 60_000, "end_ms": n * 60_000 + 5000}
    said = {"text": text, "speakers": ("agent", "customer"), "utterance_ids": (f"u{n}",)}
    return Chunk.model_validate({**dict(key), "n": n, **said, **times, **more})


CHUNKS = (
    chunk(0, "customer: Your quotation is way beyond what we can spend."),
    chunk(1, "agent: The rollout takes six weeks."),
    chunk(2, "agent: Dana will be your contact."),
)
VECTORS = (MONEY, TIME, PEOPLE)


def call(name: str, tenant: str = "acme", revision: int = 1) -> CallKey:
    """A call's key."""
    return CallKey(tenant_id=tenant, call_id=name, revision=revision)


def question(text: str | None, vector: Vector | None = PEOPLE, tenant: str = "acme", **more: Any) -> Query:
    """Asked by words and by meaning."""
    return Query(tenant_id=tenant, text=text, vector=vector, **more)


async def found(index: ChunkIndex, text: str, vector: Vector = PEOPLE, tenant: str = "acme") -> list[str]:
    """The chunks that answer, best first."""
    return [hit.chunk_id for hit in await index.search(question(text, vector, tenant))]


async def everything(index: ChunkIndex, tenant: str = "acme") -> set[str]:
    """All chunks of a tenant: with few of them, each is somebody's nearest."""
    return set(await found(index, "anything", MONEY, tenant))


async def put(index: ChunkIndex, key: CallKey, chunks: Sequence[Chunk], vector: Vector = MONEY) -> None:
    """Index chunks that all mean the same."""
    await index.replace(key, chunks, [vector] * len(chunks))
