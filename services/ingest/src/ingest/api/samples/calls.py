"""What OpenAPI shows of calls: the list, one of them, its revisions, an upload, a redo; and of our health."""

from typing import Final

from ingest.api.answers import Uploaded
from ingest.api.samples.shown import Responses, shown

_SUMMARY = {
    "call_id": "c-1",
    "tenant_id": "default",
    "revision": 1,
    "status": "completed",
    "created_at": "2026-11-20T09:00:00Z",
    "updated_at": "2026-11-20T09:01:12Z",
    "cost_usd": 0.0253,
    "error": None,
    "parked": None,
}
_LINE = _SUMMARY | {
    "about": {
        "agent": "Dana",
        "customer": "Acme Ltd",
        "company_name": None,
        "started_at": "2026-11-20T08:40:00Z",
        "filename": "pricing-review.wav",
        "duration_ms": 354000,
        "sentiment": "mixed",
        "call_outcome": "next_step_agreed",
    }
}
_STAGE = {
    "attempts": 1,
    "started_at": "2026-11-20T09:00:01Z",
    "finished_at": "2026-11-20T09:00:41Z",
    "processing_time_seconds": 40.1,
    "provider": "openai",
    "model": "gpt-transcribe",
    "cost_usd": 0.0253,
    "error": None,
}
_CALL = _SUMMARY | {
    "metadata": {"agent": "Dana", "customer": "Acme Ltd", "direction": "outbound"},
    "recording": {
        "container": "wav",
        "codec": "pcm_mulaw",
        "sample_rate": 8000,
        "channels": 2,
        "duration_ms": 354000,
        "size_bytes": 5664044,
    },
    "journal": {"transcribe": _STAGE},
    "transcript": None,
    "analysis": None,
}
_REVISION = {
    "revision": 2,
    "status": "completed",
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:31Z",
    "analysis_revision": 2,
    "prompt_version": "analysis.v2+e975b729",
    "model": "gpt-5.6-mini",
    "quality": 0.93,
    "level": "high",
    "findings": 14,
    "unverified": 1,
}
_VERDICT = {
    "sentiment": "mixed",
    "sentiment_score": 0.1,
    "call_outcome": "next_step_agreed",
    "call_type": "negotiation",
    "engagement_level": "high",
    "summary": "Acme finds the price too high; a discount for a year is offered.",
}
_DIFFERENCE = {
    "call_id": "c-1",
    "before_revision": 1,
    "after_revision": 2,
    "before": _VERDICT,
    "after": _VERDICT,
    "changes": [
        {
            "what": "came",
            "kind": "competitors",
            "before": None,
            "after": {"name": "Bluebird", "verified": True},
        }
    ],
}


_UNKNOWN: Final = {"description": "No such call"}

HEALTH: Final[Responses] = {
    200: shown(
        "What was looked at, and how it is",
        {
            "status": "ok",
            "checks": [{"check": "mongo", "state": "ok", "told": "answers", "remedy": None}],
        },
    )
}
CALLS: Final[Responses] = {
    200: shown("Calls, newest first", {"calls": [_LINE], "next": None}),
    400: {"description": "The cursor is none of ours"},
}
CALL: Final[Responses] = {
    200: shown("All there is of the call; a settled one has an ``ETag``", _CALL),
    304: {"description": "Not modified"},
    404: _UNKNOWN,
}
RECORDING: Final[Responses] = {
    307: {"description": "Where the recording can be read for five minutes, ranges included"},
    404: {"description": "No such call, or it has no recording that could be opened"},
}
REVISIONS: Final[Responses] = {
    200: shown("Newest first", {"call_id": "c-1", "revisions": [_REVISION]}),
    404: _UNKNOWN,
}
DIFFERENCE: Final[Responses] = {
    200: shown("What came, went or changed", _DIFFERENCE),
    404: {"description": "No such call or revision, or it has no analysis"},
}
_TAKEN: Final = {"call_id": "c-1", "status": "uploaded", "metadata_ignored": []}
_THERE: Final[Responses] = {
    200: shown(
        "It is a call already, which keeps its own metadata",
        {"call_id": "c-1", "status": "completed", "metadata_ignored": ["agent"]},
    )
    | {"model": Uploaded}
}
UPLOADED: Final[Responses] = {
    **_THERE,
    201: shown("Its processing is certain to begin", _TAKEN),
    400: {"description": "There is no recording, it is empty, or its metadata cannot be read"},
    409: {"description": "This recording was erased"},
    413: {"description": "The recording is larger than ``MAX_UPLOAD_BYTES``"},
    415: {"description": "This is plainly no recording, which ``detail`` names, or the body is compressed"},
}
PEAKS: Final[Responses] = {
    200: shown(
        "How loud each piece of time was at most: 64 a second, or half as many, a quarter … of a recording"
        " that would have more than 8,000 a channel",
        {
            "call_id": "c-1",
            "revision": 1,
            "duration_ms": 46,
            "peaks_per_second": 64.0,
            "channels": [
                {"channel": 0, "speaker": "agent", "peaks": [0, 131, 94]},
                {"channel": 1, "speaker": "customer", "peaks": [12, 0, 0]},
            ],
        },
    ),
    304: {"description": "Not modified"},
    404: {"description": "No such call, or no waveform of it"},
}
IN_PARTS: Final[Responses] = {
    201: shown(
        "Where each part goes",
        {
            "upload_id": "u-6f1c2a9d8e7b4c5d9a0b1c2d3e4f5a6b",
            "part_size_bytes": 67108864,
            "parts": [
                {"number": 1, "size_bytes": 1048576, "url": "https://bucket.example/key?partNumber=1&…"}
            ],
            "expires_at": "2026-11-21T09:00:00Z",
        },
    ),
    413: {"description": "The recording is larger than ``MAX_RECORDING_BYTES``"},
    429: {"description": "The tenant's day is full (``UPLOAD_BYTES_PER_DAY``), or asked too often"},
}
JOINED: Final[Responses] = {
    **_THERE,
    201: UPLOADED[201],
    404: {"description": "No such upload, or its time is over"},
    409: {
        "description": "Parts are missing or are not what was announced (``errors`` names them),"
        " or this recording was erased"
    },
}
REDONE: Final[Responses] = {
    202: shown("The revision that was opened", {"call_id": "c-1", "revision": 2, "status": "transcribed"}),
    404: _UNKNOWN,
    409: {"description": "Nothing is kept to start from, or the call is on its way still"},
}
