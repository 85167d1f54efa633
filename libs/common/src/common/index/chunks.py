"""Where chunks are searched: an index per embedding model, written by embedder, read by the API."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import ConnectionError as ConnectionFailed
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError, TransportError
from opensearchpy.helpers import async_bulk

from common.errors import Permanent, PipelineError, Transient
from common.index.dsl import asked
from common.index.query import Hit, Query
from common.model import CallKey, Chunk
from common.vectors import Vector

HYBRID = "callstream-hybrid"
"""The search pipeline that fuses the two rankings; without it a hybrid query returns marker scores."""

PIPELINE: dict[str, Any] = {
    "description": "Fuse words and meaning by reciprocal rank",
    "phase_results_processors": [
        {"score-ranker-processor": {"combination": {"technique": "rrf", "rank_constant": 60}}}
    ],
}

_PROPERTIES: dict[str, Any] = {
    "tenant_id": {"type": "keyword"},
    "call_id": {"type": "keyword"},
    "revision": {"type": "integer"},
    "n": {"type": "integer"},
    "text": {"type": "text", "analyzer": "english"},
    "speakers": {"type": "keyword"},
    "utterance_ids": {"type": "keyword", "index": False},
    "start_ms": {"type": "long"},
    "end_ms": {"type": "long"},
    "finding": {
        "properties": {
            "type": {"type": "keyword"},
            "subject": {"type": "keyword"},
            "state": {"type": "keyword"},
            "quote": {"type": "keyword", "index": False, "doc_values": False},
        }
    },
    "facts": {
        "properties": {
            "started_at": {"type": "date"},
            "agent": {"type": "keyword"},
            "customer": {"type": "keyword"},
            "company_name": {"type": "keyword"},
            "language": {"type": "keyword"},
            "call_type": {"type": "keyword"},
            "call_outcome": {"type": "keyword"},
            "sentiment": {"type": "keyword"},
        }
    },
}
_FAR = 50  # candidates of each ranking; the fused list needs more than a page


class ChunkIndex:
    """The chunks of one embedding model."""

    def __init__(self, client: AsyncOpenSearch, model: str, prefix: str = "callstream") -> None:
        self._client = client
        self.name = f"{prefix}-chunks-{re.sub('[^a-z0-9]+', '-', model.lower()).strip('-')}"
        self._created = asyncio.Lock()
        self._ready = False

    async def replace(self, key: CallKey, chunks: Sequence[Chunk], vectors: Sequence[Vector]) -> None:
        """Make these the call's only chunks: written under their own ids, older ones taken out.

        Doing it again changes nothing.
        """
        if chunks:
            await self.prepare(len(vectors[0]))
            async with _asking("indexing chunks"):
                _, errors = await async_bulk(
                    self._client, self._actions(chunks, vectors), raise_on_error=False
                )
            _raise_first(cast("list[dict[str, Any]]", errors))
        await self._forget_others(key, len(chunks))

    async def search(self, query: Query) -> list[Hit]:
        """The tenant's chunks that share words with the text or meaning with the vector, best first."""
        body: dict[str, Any] = {
            "size": query.limit,
            "from": query.offset,
            "query": asked(query, max(query.offset + query.limit, _FAR)),
            "_source": {"excludes": ["embedding", "tenant_id"]},
            "highlight": {"fields": {"text": {"number_of_fragments": 2}}},
        }
        hybrid = {"search_pipeline": HYBRID} if "hybrid" in body["query"] else {}
        try:
            async with _asking("searching"):
                answer = await self._client.search(index=self.name, body=body, params=hybrid)
        except _Missing:
            return []
        return [_hit(row) for row in answer["hits"]["hits"]]

    async def prepare(self, dimensions: int) -> None:
        """Create the index, for vectors of so many numbers, and the pipeline; once."""
        async with self._created:
            if not self._ready:
                async with _asking("creating the index"):
                    await self._client.transport.perform_request(
                        "PUT", f"/_search/pipeline/{HYBRID}", body=PIPELINE
                    )
                    await self._create(dimensions)
                self._ready = True

    async def _create(self, dimensions: int) -> None:
        try:
            await self._client.indices.create(index=self.name, body=_index_body(dimensions))
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    async def _forget_others(self, key: CallKey, count: int) -> None:
        """Chunks of the call that this revision does not have: a re-run may have fewer."""
        same_call = [{"term": {"tenant_id": key.tenant_id}}, {"term": {"call_id": key.call_id}}]
        of_ours = {
            "bool": {"filter": [{"term": {"revision": key.revision}}, {"range": {"n": {"lt": count}}}]}
        }
        newer = {"range": {"revision": {"gt": key.revision}}}
        query = {"bool": {"filter": same_call, "must_not": [of_ours, newer]}}
        try:
            async with _asking("taking old chunks out"):
                await self._client.indices.refresh(index=self.name)
                await self._client.delete_by_query(
                    index=self.name, body={"query": query}, params={"conflicts": "proceed", "refresh": "true"}
                )
        except _Missing:
            return

    def _actions(self, chunks: Iterable[Chunk], vectors: Iterable[Vector]) -> Iterable[dict[str, Any]]:
        for chunk, vector in zip(chunks, vectors, strict=True):
            source = chunk.model_dump(mode="json") | {"embedding": list(vector)}
            yield {"_op_type": "index", "_index": self.name, "_id": chunk.chunk_id, "_source": source}


class _Missing(PipelineError):
    """There is no index yet: nothing was embedded with this model."""


@asynccontextmanager
async def _asking(what: str) -> AsyncIterator[None]:
    try:
        yield
    except NotFoundError as error:
        if error.error == "index_not_found_exception":
            raise _Missing(what) from error
        raise Permanent(f"{what}: {error.error}", reason="index_refused") from error
    except ConnectionFailed as error:
        raise Transient(f"{what}: the search server cannot be reached", reason="index_unavailable") from error
    except TransportError as error:
        raise _ours(what, error.status_code) from error
    except OpenSearchException as error:
        raise Transient(f"{what}: {type(error).__name__}", reason="index_unavailable") from error


def _ours(what: str, status: int | str) -> PipelineError:
    if status in {400, 413}:
        return Permanent(f"{what}: refused with status {status}", reason="index_refused")
    return Transient(f"{what}: status {status}", reason="index_unavailable")


def _raise_first(errors: list[dict[str, Any]]) -> None:
    """One item that can be tried again lets all be tried again: writing twice under one id is harmless."""
    statuses = [next(iter(item.values()))["status"] for item in errors]
    if statuses:
        raise _ours(
            f"indexing {len(statuses)} chunk(s)", next((s for s in statuses if s not in {400, 413}), 400)
        )


def _index_body(dimensions: int) -> dict[str, Any]:
    vector = {
        "type": "knn_vector",
        "dimension": dimensions,
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    }
    return {
        "settings": {"index": {"knn": True}},
        "mappings": {"dynamic": "strict", "properties": _PROPERTIES | {"embedding": vector}},
    }


def _hit(row: dict[str, Any]) -> Hit:
    highlights = tuple(row.get("highlight", {}).get("text", ()))
    return Hit(chunk_id=row["_id"], score=row["_score"], highlights=highlights, **row["_source"])
