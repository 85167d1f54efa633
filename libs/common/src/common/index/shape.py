"""The index as code: its names, its mapping, its settings, and the pipeline that fuses two rankings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

VERSION: Final = 2
"""Of the mapping: a change that an index cannot take over makes a new index, which ``reindex`` fills."""

HYBRID: Final = "callstream-hybrid"
"""The search pipeline that fuses the two rankings; without one a hybrid query returns marker scores."""

RANK_CONSTANT: Final = 60  # of reciprocal rank fusion: what the field takes, and OpenSearch's default

PIPELINE: Final[Mapping[str, Any]] = {
    "description": "Fuse words and meaning by reciprocal rank",
    "phase_results_processors": [
        {"score-ranker-processor": {"combination": {"technique": "rrf", "rank_constant": RANK_CONSTANT}}}
    ],
}

Engine = Literal["lucene", "faiss"]

_KEYWORD: Final = {"type": "keyword"}
_UNSOUGHT: Final = {"type": "keyword", "index": False, "doc_values": False}
_TEXT: Final = {
    "type": "text",
    "analyzer": "english",
    "fields": {"folded": {"type": "text", "analyzer": "folded"}},
}
_ANALYSIS: Final = {
    "analyzer": {
        "folded": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["lowercase", "asciifolding", "plural"],
        }
    },
    "filter": {"plural": {"type": "stemmer", "language": "minimal_english"}},
}
"""For what is not English: accents do not matter, nor does an s at the end. Other endings do: no stemmer but
a language's own is right about them, and a call may be in any language."""

_FACTS: Final = ("agent", "customer", "company_name", "language", "call_type", "call_outcome", "sentiment")

PROPERTIES: Final[Mapping[str, Any]] = {
    "tenant_id": _KEYWORD,
    "call_id": _KEYWORD,
    "revision": {"type": "integer"},
    "n": {"type": "integer"},
    "text": _TEXT,
    "speakers": _KEYWORD,
    "utterance_ids": _UNSOUGHT,
    "start_ms": {"type": "long"},
    "end_ms": {"type": "long"},
    "finding": {"properties": {"type": _KEYWORD, "subject": _KEYWORD, "state": _KEYWORD, "quote": _UNSOUGHT}},
    "facts": {"properties": {"started_at": {"type": "date"}, **dict.fromkeys(_FACTS, _KEYWORD)}},
    # A call's head has no tenant_id, by which everything else is found: no question ever meets it.
    "head": {
        "properties": {
            "tenant_id": _KEYWORD,
            "call_id": _KEYWORD,
            "revision": {"type": "integer"},
            "written": {"type": "object", "enabled": False},
        }
    },
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How an index is spread, and what searches its vectors: decided when it is created.

    ``lucene`` suits up to some ten million chunks and filters while it searches; ``faiss`` suits more.
    """

    shards: int = 1
    replicas: int = 1
    engine: Engine = "lucene"
    refresh_seconds: float = 1.0


def alias(prefix: str) -> str:
    """Names the one index that is served: only ``bootstrap`` and ``reindex`` set it."""
    return f"{prefix}-chunks"


def index_name(prefix: str, model: str, dimensions: int) -> str:
    """The index of one model, dimension and mapping."""
    return f"{former_name(prefix, model)}-{dimensions}-v{VERSION}"


def former_name(prefix: str, model: str) -> str:
    """What the index of a model was called before its name told dimension and mapping."""
    return f"{alias(prefix)}-{re.sub('[^a-z0-9]+', '-', model.lower()).strip('-')}"


def write_alias(index: str) -> str:
    """The name under which an index is written.

    Writes demand an alias, so that an index that is gone is an error and no new one with a guessed mapping.
    """
    return f"{index}-write"


def index_body(model: str, dimensions: int, shape: Shape) -> dict[str, Any]:
    """What a new index is created with."""
    return {
        "settings": {
            "index": {
                "knn": True,
                "number_of_shards": shape.shards,
                "number_of_replicas": shape.replicas,
                # Said, even if it is the default: an index with a stated interval never falls asleep.
                "refresh_interval": f"{round(shape.refresh_seconds * 1000)}ms",
                "analysis": _ANALYSIS,
            }
        },
        "mappings": {
            "dynamic": "strict",
            "_routing": {"required": True},
            "_meta": {"model": model, "dimensions": dimensions, "version": VERSION},
            "properties": {**PROPERTIES, "embedding": _vector(dimensions, shape.engine)},
        },
    }


def conflicts(mapping: Mapping[str, Any], dimensions: int) -> list[str]:
    """The fields of an index that are not as we write and read them."""
    wanted = dict(_leaves({**PROPERTIES, "embedding": _vector(dimensions, "lucene")}, ""))
    there = dict(_leaves(mapping.get("properties", {}), ""))
    return sorted(path for path, kind in wanted.items() if there.get(path) != kind)


def _leaves(properties: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What a field must agree in: its type, its analyzer, the length of its vectors."""
    for name, field in properties.items():
        path = f"{prefix}{name}"
        if "type" in field and field["type"] != "object":
            yield path, tuple(field.get(option) for option in ("type", "analyzer", "dimension"))
        yield from _leaves(field.get("properties", {}), f"{path}.")
        yield from _leaves(field.get("fields", {}), f"{path}.")


def _vector(dimensions: int, engine: Engine) -> dict[str, Any]:
    method = {
        "name": "hnsw",
        "engine": engine,
        "space_type": "cosinesimil",
        "parameters": {"m": 16, "ef_construction": 100},
    }
    return {"type": "knn_vector", "dimension": dimensions, "method": method}
