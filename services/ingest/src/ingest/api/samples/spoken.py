"""What OpenAPI shows of a transcript's files and a call's metrics."""

from typing import Final

from common.model import Transcript

from ingest.api.samples.shown import Responses

_KEPT = {
    "tenant_id": "default",
    "call_id": "c-1",
    "revision": 1,
    "language": "en",
    "duration_ms": 1000,
    "speakers": ["agent", "customer"],
    "work": {"provider": "openai", "model": "gpt-transcribe", "requests": 1, "cost_usd": 0.0001},
    "utterances": [
        {"id": "u1", "speaker": "agent", "channel": 0, "start_ms": 0, "end_ms": 900, "text": "it is slow"}
    ],
}

FILES: Final[Responses] = {
    200: {
        "model": Transcript,
        "description": (
            "The transcript as a file. json: all that is kept, words and their times included. csv: an"
            " utterance a row; a text that begins with = + - @ has an apostrophe before it, so that no"
            " spreadsheet takes it for a formula. srt and vtt: an utterance a cue, with exact times; cues of"
            " speakers who talk at once overlap. srt has no escapes: < > { } are written ‹ › ❴ ❵. txt: a line"
            " an utterance."
        ),
        "content": {
            "application/json": {"example": _KEPT},
            "text/csv": {"example": "id,speaker,channel,start_ms,end_ms,text,language,confidence\r\n"},
            "application/x-subrip": {
                "example": "1\r\n00:00:00,000 --> 00:00:00,900\r\nagent: it is slow\r\n\r\n"
            },
            "text/vtt": {
                "example": "WEBVTT\n\nu1\n00:00:00.000 --> 00:00:00.900\n<v agent>it is slow</v>\n\n"
            },
            "text/plain": {"example": "[00:00:00] agent: it is slow\n"},
        },
    },
    404: {"description": "No such call, or nothing is transcribed yet"},
    406: {"description": "``Accept`` allows none of the formats"},
}

_AGENT = {
    "speaker": "agent",
    "talk_ms": 31000,
    "utterances": 6,
    "questions": 2,
    "question_share": 0.3333,
    "speed": {"unit": "words", "spoken": 78, "per_minute": 151.0},
}
_CUSTOMER = {
    "speaker": "customer",
    "talk_ms": 0,
    "utterances": 0,
    "questions": 0,
    "question_share": 0.0,
    "speed": {"unavailable": "nothing_said"},
}
_PARTS = [
    {
        "speaker": "agent",
        "talk_share": 1.0,
        "turns": 1,
        "longest_monologue_ms": 31000,
        "interruptions": 0,
        "response": {"unavailable": "no_answer"},
    },
    {
        "speaker": "customer",
        "talk_share": 0.0,
        "turns": 0,
        "longest_monologue_ms": 0,
        "interruptions": 0,
        "response": {"unavailable": "no_answer"},
    },
]

METRICS: Final[Responses] = {
    200: {
        "description": "How the call was led; here nobody answers the agent",
        "content": {
            "application/json": {
                "example": {
                    "call_id": "c-1",
                    "revision": 1,
                    "duration_ms": 60000,
                    "speech_ms": 31000,
                    "speakers_known": True,
                    "flagged": False,
                    "coverage": {
                        "speech_ms": 31000,
                        "transcribed_ms": 30845,
                        "share": 0.995,
                        "flagged": False,
                        "refused": [{"reason": "no_words", "ms": 160, "count": 1}],
                    },
                    "damaged": False,
                    "damage": [],
                    "dual_mono": False,
                    "engines": [
                        {
                            "role": "recognition",
                            "provider": "openai",
                            "model": "gpt-transcribe",
                            "version": "2026-07-28",
                            "parameters": {"language": "detected"},
                        }
                    ],
                    "talk": {
                        "talk_ms": 31000,
                        "silence_ms": 29000,
                        "silence_share": 0.4833,
                        "longest_silence": {"start_ms": 40000, "end_ms": 60000},
                        "speakers": [_AGENT, _CUSTOMER],
                        "exchange": {
                            "overlap_ms": 0,
                            "interruptions": 0,
                            "turns": 1,
                            "turns_per_minute": 1.0,
                            "parts": _PARTS,
                        },
                        "loudness": [
                            {"channel": 0, "speaker": "agent", "quarters": [-21.5, -20.9, -22.0, None]}
                        ],
                    },
                }
            }
        },
    },
    404: {"description": "No such call, or nothing is transcribed yet"},
}
