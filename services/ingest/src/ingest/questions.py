"""What a question means, as a vector: paid for once, then remembered for a day."""

import unicodedata
from array import array
from hashlib import sha256
from typing import Final, Protocol

from common.account import current
from common.model import Work
from common.vectors import Embedded

from ingest.cache import AnswerCache

REMEMBERED: Final = 24 * 3600  # seconds
PAID_BEFORE: Final = Work(provider="none", model="none", cost_usd=0.0)


class Embedder(Protocol):
    """One embedding model."""

    async def embed(self, texts: list[str]) -> Embedded:
        """One vector for each text."""
        ...


class Questions:
    """One embedding model's vectors of questions; *space* names what they can be compared with.

    They are remembered by tenant: how quick an answer is must not tell what others have asked.
    """

    def __init__(self, embedder: Embedder, cache: AnswerCache, space: str) -> None:
        self._embedder = embedder
        self._cache = cache
        self._space = space

    async def embedded(self, tenant_id: str, question: str) -> Embedded:
        """The question's one vector, and what it took; *tenant_id* pays for it, unless it is remembered.

        Raises:
            Transient: the provider is down or busy.
            Permanent: it refuses.
        """
        asked = normalised(question)
        name = _name(tenant_id, self._space, asked)
        if kept := await self._cache.get(name):
            return Embedded((array("f", kept).tolist(),), PAID_BEFORE)
        if account := current():
            account.tenant_id = tenant_id  # who pays for the question
        embedded = await self._embedder.embed([asked])
        vector = array("f", embedded.vectors[0])
        await self._cache.set(name, vector.tobytes())
        return Embedded((vector.tolist(),), embedded.work)


def normalised(question: str) -> str:
    """The same question however it was typed: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", question).split())


def _name(*parts: str) -> str:
    digest = sha256("\0".join(parts).encode()).hexdigest()
    return f"question:{digest}"
