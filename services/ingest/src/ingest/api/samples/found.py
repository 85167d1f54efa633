"""What OpenAPI shows of searches, counts and costs."""

from typing import Any, Final

from ingest.api.samples.shown import Responses, shown

_BAD: Final[Responses] = {
    400: {
        "description": "The filters cannot be true together, or the cursor is none of ours for this question"
    }
}
_SHEET: Final[dict[str, Any]] = {
    "description": "As JSON, page by page; or all of it as CSV, in which a text that begins with = + - @ has"
    " an apostrophe before it, so that no spreadsheet takes it for a formula."
}
_FACTS = {
    "started_at": "2026-11-20T09:00:00Z",
    "agent": "Dana",
    "customer": "Acme Ltd",
    "company_name": None,
    "language": "en",
    "call_type": "negotiation",
    "call_outcome": "next_step_agreed",
    "sentiment": "mixed",
}
_PASSAGE = {
    "call_id": "c-1",
    "chunk_id": "default:c-1:1:0",
    "score": 0.0328,
    "text": "customer: The price is too high for us.",
    "highlights": ["customer: The <em>price</em> is too high for us."],
    "speakers": ["customer"],
    "utterance_ids": ["u2"],
    "starts_ms": [4000],
    "start_ms": 4000,
    "end_ms": 6500,
    "finding": None,
    "before": [
        {"id": "u1", "speaker": "agent", "start_ms": 0, "end_ms": 3800, "text": "What do you think of it?"}
    ],
    "after": [],
}
_CALL = {"call_id": "c-1", "score": 0.0328, "facts": _FACTS, "passages": 1, "hits": [_PASSAGE]}


SEARCH: Final[Responses] = {
    200: shown(
        "Calls, best first, each with its best passages",
        {
            "query": "price",
            "mode": "hybrid",
            "degraded": None,
            "calls": [_CALL],
            "complete": True,
            "next": None,
        },
    ),
    **_BAD,
}

_TOTAL = {
    "requests": 12,
    "started": 0,
    "unknown": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "audio_seconds": 241.0,
    "cost_usd": 0.018075,
    "at_most_usd": 0.018075,
}

COSTS: Final[Responses] = {
    200: _SHEET
    | {
        "content": {
            "application/json": {
                "example": {
                    "since": "2026-11-01",
                    "until": "2026-12-01",
                    "by": ["day", "stage", "model"],
                    "total": _TOTAL,
                    "rows": [
                        _TOTAL
                        | {
                            "day": "2026-11-20",
                            "stage": "transcribe",
                            "model": "gpt-transcribe",
                            "call_id": None,
                        }
                    ],
                    "next": None,
                }
            },
            "text/csv": {
                "example": "day,stage,model,requests,started,unknown,input_tokens,output_tokens,"
                "audio_seconds,cost_usd,at_most_usd\r\n"
            },
        }
    },
    **_BAD,
    406: {"description": "``Accept`` allows neither JSON nor CSV"},
}

_EXAMPLE = {
    "call_id": "c-1",
    "started_at": "2026-11-20T09:00:00Z",
    "quote": "The price is too high for us.",
    "text": "Objection (price, unresolved): The price is too high.\n“The price is too high for us.”",
    "start_ms": 4000,
}

INSIGHTS: Final[Responses] = {
    200: shown(
        "Numbers of calls, with an example of each finding",
        {
            "calls": 12,
            "sentiment": {"positive": 5, "mixed": 4, "negative": 3},
            "trend": [{"begins": "2026-11-16T00:00:00Z", "calls": 12, "sentiment": {"positive": 5}}],
            "pain_points": [],
            "objections": [
                {
                    "subject": "price",
                    "calls": 4,
                    "states": {"unresolved": 3, "resolved": 1},
                    "example": _EXAMPLE,
                }
            ],
            "competitors": [],
            "topics": [],
            "questions": [],
            "scorecard": [{"id": "price_named", "calls": 12, "states": {"no": 3, "yes": 9}, "share": 0.75}],
            "categories": [],
        },
    ),
    **_BAD,
}

FINDINGS: Final[Responses] = {
    200: _SHEET
    | {
        "content": {
            "application/json": {
                "example": {
                    "findings": [
                        _EXAMPLE
                        | {
                            "agent": "Dana",
                            "type": "objection",
                            "subject": "price",
                            "state": "unresolved",
                            "speaker": "customer",
                            "verified": True,
                        }
                    ],
                    "next": None,
                }
            },
            "text/csv": {
                "example": "call_id,started_at,agent,type,subject,state,text,quote,speaker,"
                "start_ms,verified\r\n"
            },
        }
    },
    **_BAD,
    406: {"description": "``Accept`` allows neither JSON nor CSV"},
}

SIMILAR: Final[Responses] = {
    200: shown("Calls, the most alike first", {"call_id": "c-2", "calls": [_CALL]}),
    404: {"description": "No such call"},
}
