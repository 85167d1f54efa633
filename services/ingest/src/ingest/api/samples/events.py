"""What OpenAPI shows of a call's events."""

from typing import Final

from ingest.api.samples.shown import Responses

_CALL = (
    '{"call_id":"c-1","tenant_id":"default","revision":1,"status":"transcribing",'
    '"created_at":"2026-11-22T10:30:00Z","updated_at":"2026-11-22T10:30:02Z","cost_usd":0.0,"error":null,'
    '"parked":null,"journal":{"ingest":{"attempts":1,…},"transcribe":{"attempts":1,…}}}'
)

EVENTS: Final[Responses] = {
    200: {
        "description": (
            "``call``: the call's summary and its journal, as ``GET /calls/{call_id}`` has them, at once and"
            " whenever something has become of it; ``end``: it is completed, failed or erased. Comments in"
            " between keep the connection open. A call is looked at once a second, and a stream ends after a"
            " minute: come back with ``Last-Event-ID``."
        ),
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": f"event: call\ndata: {_CALL}\nid: 1.1795343402000\nretry: 2000\n\n"
                "event: end\ndata: {}\nid: 1.end\n\n",
            }
        },
    },
    204: {"description": "``Last-Event-ID`` is that of ``end``: nothing more will come"},
    404: {"description": "There is no such call"},
    429: {"description": "This client has as many streams open as one may have (``EVENT_STREAMS_EACH``)"},
    503: {"description": "All streams are taken (``EVENT_STREAMS``), or the journal does not answer"},
}
