"""Small examples of the nouns: one call, and what a model may say of it."""

from datetime import UTC, datetime
from typing import Any

from common.entry import ERASED, Entry, Failure
from common.model import (
    FINDINGS,
    Analysis,
    CallKey,
    Citation,
    Evidence,
    Insights,
    Transcript,
    Utterance,
    Work,
)
from common.pipeline import Stage

KEY = CallKey(tenant_id="acme", call_id="c-42", revision=1)

SPOKEN = (
    ("agent", "Thanks for calling, what can I do for you?"),
    ("customer", "Honestly, your price is too high; Initech quoted us twelve thousand dollars."),
    ("agent", "I'll send a new offer by Friday."),
    ("customer", "Friday works. We'll decide next week."),
)


def utterance(n: int, speaker: str, text: str, **changes: Any) -> Utterance:
    """The *n*-th turn, five seconds long, unless changed."""
    times = {"start_ms": (n - 1) * 5000, "end_ms": n * 5000}
    return Utterance.model_validate(
        {"id": f"u{n}", "speaker": speaker, "channel": int(speaker == "customer"), "text": text}
        | times
        | changes
    )


def transcript(key: CallKey = KEY, spoken: tuple[tuple[str, str], ...] = SPOKEN) -> Transcript:
    """What was said, turn by turn."""
    return Transcript(
        **dict(key),
        language="en",
        duration_ms=len(spoken) * 5000,
        speech_ms=len(spoken) * 5000,
        utterances=tuple(utterance(n, *turn) for n, turn in enumerate(spoken, start=1)),
        work=work("gpt-transcribe", audio_seconds=20.0, cost_usd=0.0015),
    )


def work(model: str, **figures: Any) -> Work:
    """What one request to a provider took."""
    return Work.model_validate({"provider": "openai", "model": model, "requests": 1} | figures)


def tombstone(key: CallKey = KEY) -> Entry:
    """What the journal says of an erased call."""
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    grave = Failure(stage="", reason=ERASED, message="erased on request", timestamp=at)
    return Entry(**dict(key), failed=grave, created_at=at, updated_at=at)


async def reopen(journal: Any, key: CallKey, first: Stage, rank: int, now: datetime) -> Entry:
    """The call's next revision, whatever became of the one before."""
    before = await journal.find(key.tenant_id, key.call_id)
    opened: Entry = await journal.redo(before, first, rank, now)
    return opened


def citation(quote: str, *ids: str) -> Citation:
    """Words, and where a model says they were spoken."""
    return Citation(utterance_ids=ids, quote=quote)


def insights(**found: Any) -> Insights[Citation]:
    """A model's answer that concludes nothing but what is given."""
    nothing: dict[str, Any] = dict.fromkeys(FINDINGS, ())
    sentiment = {
        "overall": "neutral",
        "score": 0.0,
        "confidence": 0.5,
        "reasoning": "Calm.",
        "by_speaker": (),
        "by_quarter": (),
        "trend": "unknown",
        "utterances": (),
    }
    return Insights[Citation].model_validate(
        {
            "summary": "The customer finds the price too high; a new offer follows.",
            "language": "en",
            "call_type": "negotiation",
            "call_outcome": "next_step_agreed",
            "engagement_level": "high",
            "sentiment": sentiment,
            **nothing,
            **found,
        }
    )


def objection(*evidence: Citation) -> dict[str, Any]:
    """An objection to the price."""
    return {
        "type": "price",
        "description": "Too expensive.",
        "resolution_status": "unresolved",
        "response": None,
        "evidence": evidence,
    }


def competitor(name: str, *evidence: Citation) -> dict[str, Any]:
    """A rival."""
    return {"name": name, "evidence": evidence}


def evidence(quote: str, *ids: str, **changes: Any) -> Evidence:
    """Words that were found where they are said to be, in the first two seconds of the first utterance."""
    begin = (int(ids[0].removeprefix("u")) - 1) * 5000
    found = {"verified": True, "match": "exact", "start_ms": begin, "end_ms": begin + 2000}
    return Evidence.model_validate({"utterance_ids": ids, "quote": quote, **found, **changes})


def analysis(key: CallKey = KEY, **found: Any) -> Analysis:
    """An analysis that concludes nothing but what is given, checked already."""
    concluded = Insights[Evidence].model_validate(insights().model_dump() | found)
    return Analysis(**dict(key), insights=concluded, prompt_version="v2", work=work("gpt-6-luna"))
