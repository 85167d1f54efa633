"""Transcripts of any length in MongoDB; ``test_fakes_agree`` holds the fake to the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import bson
import pytest
from common.errors import Transient
from common.model import CallKey, Transcript, Word
from common.store import Store
from common.transcripts import TranscriptStore, transcripts_in
from motor.motor_asyncio import AsyncIOMotorClient
from nouns import KEY, transcript, utterance
from pymongo.errors import AutoReconnect
from pymongo.monitoring import CommandListener
from servers import Servers

SMALL = 1000  # bytes; each turn is a part


def spoken(turns: int, words: int = 8, text: str = "word", key: CallKey = KEY) -> Transcript:
    """A call of so many turns, each word with its times."""
    said = tuple(
        utterance(
            n,
            ("agent", "customer")[n % 2],
            " ".join([text] * words),
            words=tuple(
                Word(text=text, start_ms=at, end_ms=at + 1) for at in range(n * 5000, n * 5000 + words)
            ),
        )
        for n in range(1, turns + 1)
    )
    return transcript(key).model_copy(update={"utterances": said, "duration_ms": turns * 5000})


def in_parts(database: Any, heads: Any = None, parts: Any = None) -> TranscriptStore:
    """A store that splits early, its sets numbered."""
    names = count(1)
    heads = database["transcripts"] if heads is None else heads
    parts = database["transcript_parts"] if parts is None else parts
    return TranscriptStore(heads, parts, part_bytes=SMALL, new_set=lambda: f"set{next(names)}")


async def sets(database: Any) -> dict[str, int]:
    """How many parts each set has."""
    return Counter([part["set"] async for part in database["transcript_parts"].find({})])


class Failing:
    """A collection whose *n*-th insertion meets a lost connection."""

    def __init__(self, collection: Any, n: int) -> None:
        self._collection = collection
        self._left = n

    async def insert_one(self, row: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            raise AutoReconnect("connection lost")
        return await self._collection.insert_one(row)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)


@pytest.mark.parametrize("turns", [0, 1, 4, 40])
async def test_a_transcript_in_parts_comes_back_as_it_went_in(database: Any, turns: int) -> None:
    """By every way of reading, in order, with words and times; its head is read without them."""
    store, document = in_parts(database), spoken(turns)

    assert document == await store.keep(document)

    assert document == await store.find(KEY) == await store.latest(KEY) == await store.get(KEY)
    assert document.head == await store.head(KEY)


@pytest.mark.parametrize("turns", [1, 40])
async def test_what_was_said_is_read_without_its_words_times(database: Any, turns: int) -> None:
    """In one document or in parts: nothing else is missing."""
    store, document = in_parts(database), spoken(turns)
    await store.keep(document)
    bare = tuple(said.model_copy(update={"words": ()}) for said in document.utterances)

    assert document.model_copy(update={"utterances": bare}) == await store.spoken(KEY)
    assert await store.spoken(KEY.model_copy(update={"tenant_id": "globex"})) is None


async def test_a_short_transcript_is_one_document(database: Any) -> None:
    """As it has always been: no parts, no second read."""
    await transcripts_in(database).keep(transcript())

    assert {} == await sets(database)
    assert transcript() == await Store(database["transcripts"], Transcript).find(KEY)


async def test_a_document_from_before_parts_is_read(database: Any) -> None:
    """Also its head, which has no count of its own."""
    row = transcript().model_dump(
        mode="json", include={"tenant_id", "call_id", "revision", "duration_ms", "utterances", "work"}
    )
    for said in row["utterances"]:
        del said["words"]
    await database["transcripts"].insert_one({"_id": KEY.id, **row})
    store = transcripts_in(database)
    found, head = await store.get(KEY), await store.head(KEY)

    assert transcript().utterances == found.utterances
    assert head
    assert (4, None, None) == (head.utterance_count, head.coverage, head.talk)


async def test_who_knows_no_parts_does_not_find_a_silent_call(database: Any) -> None:
    """While versions change over, the older one fails to read a long transcript, and says so."""
    await in_parts(database).keep(spoken(4))

    with pytest.raises(ValueError, match="utterances"):
        await Store(database["transcripts"], Transcript).find(KEY)


async def test_of_many_writers_one_set_stays(database: Any) -> None:
    """The first head wins, everybody is told which, and the losers' parts are gone."""
    store = in_parts(database)
    candidates = [spoken(4, text=f"worker{n}") for n in range(6)]

    kept = await asyncio.gather(*(store.keep(candidate) for candidate in candidates))

    assert [kept[0]] * 6 == kept
    assert kept[0] in candidates
    assert kept[0] == await store.get(KEY)
    assert [4] == list((await sets(database)).values())


@pytest.mark.parametrize(("heads", "parts"), [(0, 1), (0, 2), (1, 0)])
async def test_a_crash_in_between_leaves_nothing_to_be_seen(database: Any, heads: int, parts: int) -> None:
    """Before the first part, between parts, before the head; the next to keep it removes what is left."""
    broken = in_parts(
        database, Failing(database["transcripts"], heads), Failing(database["transcript_parts"], parts)
    )
    with pytest.raises(Transient):
        await broken.keep(spoken(4, text="lost"))
    store = TranscriptStore(database["transcripts"], database["transcript_parts"], part_bytes=SMALL)

    assert (None, None) == (await store.find(KEY), await store.head(KEY))
    assert spoken(4) == await store.keep(spoken(4))
    assert spoken(4) == await store.get(KEY)
    assert [4] == list((await sets(database)).values())


async def test_parts_of_other_revisions_and_tenants_stay(database: Any) -> None:
    """Whoever removes what is left over removes nothing else."""
    store = in_parts(database)
    second = KEY.model_copy(update={"revision": 2})
    stranger = KEY.model_copy(update={"tenant_id": "globex"})
    documents = [spoken(4, text=key.id.replace(":", ""), key=key) for key in (KEY, second, stranger)]
    for document in documents:
        await store.keep(document)

    assert documents == [await store.get(document.key) for document in documents]
    assert documents[1] == await store.latest(KEY.model_copy(update={"revision": 9}))


async def test_parts_are_erased_with_their_call(database: Any) -> None:
    """Each part carries tenant and call; a transcript without its parts is not passed off as whole."""
    store = in_parts(database)
    await store.prepare()
    await store.keep(spoken(4))
    await database["transcript_parts"].delete_many({"tenant_id": "acme", "call_id": "c-42"})

    assert {} == await sets(database)
    with pytest.raises(Transient) as error:
        await store.get(KEY)
    assert "not_kept" == error.value.reason


@dataclass
class Counting(CommandListener):
    """Which commands MongoDB was sent."""

    sent: list[str] = field(default_factory=list)

    def started(self, event: Any) -> None:
        self.sent.append(event.command_name)

    def succeeded(self, event: Any) -> None: ...

    def failed(self, event: Any) -> None: ...


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
async def counted(
    server: Servers, database: Any, fresh: str, counting: Counting
) -> AsyncIterator[TranscriptStore]:
    """The same database by a client that counts."""
    client: Any = AsyncIOMotorClient(server("mongo"), event_listeners=[counting])
    try:
        yield transcripts_in(client[fresh])
    finally:
        client.close()


async def test_more_than_a_document_holds_is_kept_and_read(
    counted: TranscriptStore, counting: Counting
) -> None:
    """Beyond MongoDB's limit, in a request a part; the head takes one small read."""
    document = spoken(700, text=500 * "long")
    assert len(bson.encode(document.model_dump(mode="json"))) > 16 * 1024 * 1024
    await counted.keep(document)
    written = Counter(counting.sent)
    counting.sent.clear()

    assert document == await counted.get(KEY)
    read = Counter(counting.sent)
    counting.sent.clear()
    assert document.head == await counted.head(KEY)

    parts = written["insert"] - 1
    assert {"insert": parts + 1, "delete": 1} == written
    assert (2, True) == (read["find"], read["getMore"] <= parts)
    assert ["find"] == counting.sent


async def test_a_usual_call_takes_one_request_each_way(counted: TranscriptStore, counting: Counting) -> None:
    """Half an hour with words is below the size at which parts begin."""
    document = spoken(600, words=15)
    await counted.keep(document)
    await counted.get(KEY)

    assert ["insert", "find"] == counting.sent
