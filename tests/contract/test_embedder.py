"""What the embedder promises its neighbours."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest
from common.events import CallEmbedded
from common.model import Indexed, Transcript
from common.pipeline import EMBED
from contract.harness import ACKED, Promise, StagePromises, golden, running, settings
from embedder.app import create_app
from embedder.chunks import Limits
from embedder.remembered import RememberedVectors
from embedder.settings import Settings
from fakes import FakeClaims, FakeEmbedder, FakeIndex, FakeJournal, FakeStore, no_budget
from nouns import KEY, transcript, work

CALL = ("acme", "c-42")


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def transcripts() -> FakeStore[Transcript]:
    return FakeStore(transcript())


@pytest.fixture
async def promise(index: FakeIndex, transcripts: FakeStore[Transcript]) -> AsyncIterator[Promise]:
    indexed, journal = FakeStore[Indexed](), FakeJournal()
    vectors: Any = FakeEmbedder(work("text-embedding-3-small", cost_usd=0.00000084, input_tokens=42))
    claims: Any = FakeClaims()
    outside: dict[str, object] = {
        "journal": journal,
        "transcripts": transcripts,
        "vectors": RememberedVectors(vectors, claims, no_budget()),
        "index": index,
        "limits": Limits(max_words=20, max_silence_ms=30_000),
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
    promise: Promise, transcripts: FakeStore[Transcript], index: FakeIndex
) -> None:
    """Silence has no chunks and is no failure."""
    transcripts.kept[KEY.id] = transcript(spoken=())

    assert await promise.service.receive(promise.takes) == ACKED

    assert [] == index.chunks[CALL]
    assert promise.kept.kept[KEY.id].chunks == 0
