"""What may answer a question: a short call as a whole, else what is nearest by words and by meaning."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from common.index import ChunkIndex, Hit, Query
from common.model import CallKey, Transcript, Work
from common.transcripts import TranscriptStore

from ingest.asking.excerpts import Excerpts, Found, chosen, whole
from ingest.asking.question import Question
from ingest.questions import Questions

HITS: Final = 24  # chunks that are looked at
MOST_CALLS: Final = 8  # whose transcripts are read for one answer


class Retriever:
    """Reads the index and the transcripts of the tenant who asks; *room*: tokens of excerpts."""

    def __init__(
        self, index: ChunkIndex, questions: Questions, transcripts: TranscriptStore, *, room: int
    ) -> None:
        self._index = index
        self._questions = questions
        self._transcripts = transcripts
        self._room = room

    def whole(self, transcript: Transcript) -> Excerpts | None:
        """All of a call, if there is room for it: nothing has to be searched for then."""
        return whole(transcript, self._room)

    async def retrieve(self, question: Question) -> tuple[Excerpts, Work]:
        """What was said that is near to the question, and what embedding that took.

        Raises:
            Transient: the provider of embeddings, the index or the database does not answer.
        """
        embedded = await self._questions.embedded(question.tenant_id, question.text)
        asked = Query(
            tenant_id=question.tenant_id,
            text=question.text,
            vector=embedded.vectors[0],
            filters=question.filters,
            limit=HITS,
        )
        hits = await self._index.search(asked)
        read = await asyncio.gather(*map(self._transcripts.latest, _calls(question.tenant_id, hits)))
        transcripts = {each.call_id: each for each in read if each}
        found = [Found(hit.call_id, hit.utterance_ids) for hit in hits]
        return chosen(found, transcripts, self._room), embedded.work


def _calls(tenant_id: str, hits: Sequence[Hit]) -> Iterable[CallKey]:
    """The calls that were found, best first, each in the newest revision among its chunks."""
    newest: dict[str, int] = {}
    for hit in hits:
        newest[hit.call_id] = max(newest.get(hit.call_id, 1), hit.revision)
    few = list(newest.items())[:MOST_CALLS]
    return (CallKey(tenant_id=tenant_id, call_id=name, revision=revision) for name, revision in few)
