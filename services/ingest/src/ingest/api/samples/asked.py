"""What OpenAPI shows of questions and their answers."""

from typing import Final

from ingest.api.samples.shown import Responses

_SENTENCE = {
    "text": "The customer finds it slow.",
    "citations": [
        {
            "call_id": "c-1",
            "utterance_ids": ["u1"],
            "quote": "it is slow",
            "speaker": "customer",
            "start_ms": 0,
            "end_ms": 900,
        }
    ],
}
_TOTALS = {
    "answered": True,
    "dropped": 0,
    "cut_off": False,
    "remembered": False,
    "retrieved": {"calls": 1, "utterances": 1},
    "model": "gpt-6-luna",
    "prompt_version": "ask.v1+00000000",
    "cost_usd": 0.0004,
}

ASK: Final[Responses] = {
    200: {
        "description": (
            "The answer; or, as events: ``retrieved``, each ``sentence`` once it is verified, and ``done``"
            " with the totals, or ``error`` with a problem. Comments in between keep the connection open."
        ),
        "content": {
            "application/json": {
                "example": {"question": "What is wrong with it?", "sentences": [_SENTENCE], **_TOTALS}
            },
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": (
                    'event: retrieved\ndata: {"calls":1,"utterances":1}\n\n'
                    'event: sentence\ndata: {"text":"The customer finds it slow.","citations":[…]}\n\n'
                    'event: done\ndata: {"answered":true,…}\n\n'
                ),
            },
        },
    },
    404: {"description": "There is no such call"},
    406: {"description": "``Accept`` allows neither JSON nor events"},
    422: {"description": "The request cannot be understood, or the model refuses to answer it"},
    429: {"description": "Too many questions, or the day's budget is spent"},
    503: {
        "description": "A provider or a server does not answer now; ``Retry-After`` says when to come back"
    },
}
