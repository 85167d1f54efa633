"""Transcripts made elsewhere."""

import json
from typing import Any

import pytest
from common.documents import encoded
from common.errors import Permanent
from common.model import CallKey
from transcriber import imported

KEY = CallKey(tenant_id="acme", call_id="c-42")


def content(*utterances: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"utterances": utterances, **fields}).encode()


def test_utterances_are_put_in_order_and_numbered() -> None:
    """Whatever ids they came with."""
    late = {"id": "x", "speaker": "customer", "channel": 1, "start_ms": 900, "end_ms": 1_500, "text": " Hi. "}
    early = {"speaker": "agent", "start_ms": 0, "end_ms": 800, "text": "Hello.", "language": "en"}

    read = imported.read(KEY, content(late, early))

    assert [("u1", "agent", "Hello."), ("u2", "customer", "Hi.")] == [
        (u.id, u.speaker, u.text) for u in read.utterances
    ]
    assert (KEY, "en", 1_500, 1_400) == (read.key, read.language, read.duration_ms, read.speech_ms)


def test_it_costs_nothing() -> None:
    """Nobody was asked to recognise it."""
    work = imported.read(KEY, content()).work

    assert ("imported", 0.0, 0) == (work.provider, work.cost_usd, work.requests)


def test_what_we_wrote_can_be_read_again() -> None:
    """Our own transcript's JSON is a transcript made elsewhere."""
    words = [{"text": "Hello.", "start_ms": 5, "end_ms": 10, "confidence": 0.5}]
    said = {
        "speaker": "agent",
        "channel": 0,
        "start_ms": 5,
        "end_ms": 10,
        "text": "Hello.",
        "words": words,
    }
    first = imported.read(KEY, content(said, duration_ms=20))

    assert first == imported.read(KEY, encoded(first))
    assert ("Hello.", 0.5) == (first.utterances[0].words[0].text, first.utterances[0].words[0].confidence)


def test_its_metrics_are_known_and_its_coverage_is_not() -> None:
    """The timeline is there; how much of the speech it covers, nobody can tell."""
    said = [
        {"speaker": speaker, "start_ms": n * 1000, "end_ms": n * 1000 + 500, "text": "Yes."}
        for n, speaker in enumerate(("Ann", "Bob"))
    ]
    read = imported.read(KEY, content(*said, duration_ms=4000))

    assert read.talk
    assert (("Ann", "Bob"), True, None) == (read.speakers, read.speakers_known, read.coverage)
    assert (1000, 3000) == (read.talk.talk_ms, read.talk.silence_ms)
    assert ["import"] == [engine.role for engine in read.engines]


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (b"not json", "the document"),
        (b"[]", "the document"),
        (b"{}", "utterances"),
        (content({"start_ms": 0, "text": "secret words"}), "utterances.0.end_ms"),
        (content({"start_ms": 9, "end_ms": 3, "text": "secret words"}), "utterances.0"),
        (content({"start_ms": -1, "end_ms": 3, "text": "secret words"}), "utterances.0.start_ms"),
        (content({"start_ms": 0, "end_ms": 3, "text": "  "}), "utterances.0.text"),
        (
            content(
                *({"speaker": f"s{n}", "start_ms": 0, "end_ms": 3, "text": "secret"} for n in range(101))
            ),
            "the document",
        ),
        (
            content({"start_ms": 0, "end_ms": 3, "text": "secret", "words": [{"text": "secret"}]}),
            "utterances.0.words.0.start_ms",
        ),
    ],
)
def test_what_is_no_transcript_is_refused(document: bytes, named: str) -> None:
    """The reason names the first field to mend, and quotes nobody."""
    with pytest.raises(Permanent) as refusal:
        imported.read(KEY, document)

    assert "invalid_transcript" == refusal.value.reason
    assert f"not a transcript: {named}: " in str(refusal.value)
    assert "secret" not in str(refusal.value)
