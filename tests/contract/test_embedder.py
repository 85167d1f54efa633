"""What the embedder promises its neighbours."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from common.announcements import Kept
from common.events import CallEmbedded
from common.model import Analysis, Call, CallMetadata, Indexed, Transcript
from common.pipeline import EMBED
from contract.harness import ACKED, Promise, StagePromises, golden, running, settings
from embedder.app import create_app
from embedder.chunks import Limits
from embedder.remembered import RememberedVectors
from embedder.settings import Settings
from fakes import FakeClaims, FakeEmbedder, FakeIndex, FakeJournal, FakeStore, no_budget
from nouns import KEY, analysis, evidence, objection, transcript, work

CALL = ("acme", "c-42")
BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)
HANDED_IN = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def transcripts() -> FakeStore[Transcript]:
    return FakeStore(transcript())


@pytest.fixture
def analyses() -> FakeStore[Analysis]:
    proven = objection(evidence("your price is too high", "u2", speaker="customer"))
    unproven = objection(evidence("we hate you", "u2", verified=False))
    return FakeStore(analysis(objections=(unproven, proven)))


@pytest.fixture
def calls() -> FakeStore[Call]:
    metadata = CallMetadata(agent="Ann", customer="Bo", started_at=BEGAN)
    return FakeStore(Call(**dict(KEY), metadata=metadata, created_at=HANDED_IN))


@pytest.fixture
async def promise(index: FakeIndex, transcripts: Any, analyses: Any, calls: Any) -> AsyncIterator[Promise]:
    indexed, journal = FakeStore[Indexed](), FakeJournal()
    vectors: Any = FakeEmbedder(work("text-embedding-3-small", cost_usd=0.00000084, input_tokens=42))
    claims: Any = FakeClaims()
    outside: dict[str, object] = {
        "journal": journal,
        "documents": Kept(calls, transcripts, analyses),
        "vectors": RememberedVectors(vectors, claims, no_budget()),
        "index": index,
        "limits": Limits(max_tokens=64, max_silence_ms=30_000),
        "indexed": indexed,
    }
    app = create_app(Settings.model_validate(settings()), lambda _: nullcontext(outside))
    async with running(app, EMBED) as service:
        yield Promise(service, golden("call.analyzed.v1"), None, indexed, vectors.workshop, journal)


class TestPromises(StagePromises):
    """The embedder is a stage; being the last, it announces nothing."""


async def test_an_embedded_call_is_in_the_index(promise: Promise, index: FakeIndex) -> None:
    """All that was said is in the call's chunks."""
    await promise.service.receive(promise.takes)

    words = " ".join(chunk.text for chunk in index.chunks[CALL])
    assert all(turn.text in words for turn in transcript().utterances)


async def test_what_was_found_is_in_the_index_too(promise: Promise, index: FakeIndex) -> None:
    """A verified finding is the chunk after the utterances, with its words and times; no other is there."""
    await promise.service.receive(promise.takes)

    *said, found = index.chunks[CALL]
    assert [None] * len(said) == [chunk.finding for chunk in said]
    assert found.finding
    assert ("objection", "price") == (found.finding.type, found.finding.subject)
    assert (("u2",), 5000, 7000) == (found.utterance_ids, found.start_ms, found.end_ms)
    assert "your price is too high" in found.text
    assert "hate" not in found.text


async def test_every_chunk_tells_its_call(promise: Promise, index: FakeIndex) -> None:
    """From who handed it in, and from what was concluded."""
    await promise.service.receive(promise.takes)

    (facts,) = {chunk.facts for chunk in index.chunks[CALL]}
    assert ("Ann", "Bo", BEGAN) == (facts.agent, facts.customer, facts.started_at)
    assert ("negotiation", "next_step_agreed") == (facts.call_type, facts.call_outcome)
    assert ("neutral", "en") == (facts.sentiment, facts.language)


async def test_a_call_of_which_nobody_told_when_it_began_counts_from_when_it_came(
    promise: Promise, index: FakeIndex, calls: FakeStore[Call]
) -> None:
    """No period has to do without it."""
    calls.kept[KEY.id] = Call(**dict(KEY), created_at=HANDED_IN)
    await promise.service.receive(promise.takes)

    assert {HANDED_IN} == {chunk.facts.started_at for chunk in index.chunks[CALL]}


async def test_a_call_without_an_analysis_comes_back(promise: Promise, analyses: FakeStore[Analysis]) -> None:
    """It was announced, so a read may be stale."""
    analyses.kept.clear()

    fate = await promise.service.receive(promise.takes)

    assert ("nacked", {}) == (fate.what, promise.kept.kept)


async def test_the_golden_end_of_the_line_is_what_is_kept(promise: Promise) -> None:
    """``CallEmbedded`` goes nowhere; its golden says what the journal learns."""
    await promise.service.receive(promise.takes)

    kept = promise.kept.kept[KEY.id]
    found = CallEmbedded(**dict(kept.key), chunks=kept.chunks, work=kept.work)
    assert golden("call.embedded.v1") == found.model_dump(mode="json")


async def test_a_crash_between_index_and_document_writes_the_same_chunks(
    promise: Promise, index: FakeIndex
) -> None:
    """Done again from the start, a call has the same chunks under the same ids, and is not paid again."""
    await promise.service.receive(promise.takes)
    first = list(index.chunks[CALL])
    promise.kept.kept.clear()

    await promise.service.receive(promise.takes)

    assert (first, 1) == (index.chunks[CALL], promise.paid.done)


async def test_a_redo_from_here_pays_nothing(promise: Promise, index: FakeIndex) -> None:
    """The next revision's chunks are new documents with the vectors of before."""
    await promise.service.receive(promise.takes)
    assert await promise.service.receive(promise.takes | {"revision": 2}) == ACKED

    assert ({2}, 1) == ({chunk.revision for chunk in index.chunks[CALL]}, promise.paid.done)


async def test_a_call_in_which_nothing_was_said_is_completed(
    promise: Promise, transcripts: FakeStore[Transcript], analyses: FakeStore[Analysis], index: FakeIndex
) -> None:
    """Silence has no chunks and is no failure."""
    transcripts.kept[KEY.id] = transcript(spoken=())
    analyses.kept[KEY.id] = analysis().model_copy(update={"insights": None})

    assert await promise.service.receive(promise.takes) == ACKED

    assert [] == index.chunks[CALL]
    assert promise.kept.kept[KEY.id].chunks == 0
