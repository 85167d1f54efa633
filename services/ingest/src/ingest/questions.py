"""What a question means, as a vector: paid for once, then remembered for a day."""

import unicodedata
from array import array
from hashlib import sha256
from typing import Final, Protocol

from common.account import current
from common.errors import PipelineError
from common.vectors import Embedded, Vector

from ingest.cache import AnswerCache

REMEMBERED: Final = 24 * 3600  # seconds

_OF_A_PROVIDER: Final = "provider_"


class Embedder(Protocol):
    """One embedding model."""

    async def embed(self, texts: list[str]) -> Embedded:
        """One vector for each text."""
        ...


class NotUnderstood(Exception):
    """The provider gives no vector now; *reason* is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Questions:
    """One embedding model's vectors of questions; *space* names what they can be compared with.

    They are remembered by tenant: how quick an answer is must not tell what others have asked.
    """

    def __init__(self, embedder: Embedder, cache: AnswerCache, space: str) -> None:
        self._embedder = embedder
        self._cache = cache
        self._space = space

    async def vector(self, tenant_id: str, question: str) -> Vector:
        """The question's vector; *tenant_id* pays for it.

        Raises:
            NotUnderstood: the provider is down, busy, or refuses.
        """
        asked = normalised(question)
        name = _name(tenant_id, self._space, asked)
        if kept := await self._cache.get(name):
            return array("f", kept).tolist()
        vector = array("f", (await self._asked(tenant_id, asked)).vectors[0])
        await self._cache.set(name, vector.tobytes())
        return vector.tolist()

    async def _asked(self, tenant_id: str, asked: str) -> Embedded:
        if account := current():
            account.tenant_id = tenant_id  # who pays for the question
        try:
            return await self._embedder.embed([asked])
        except PipelineError as error:
            if error.reason.startswith(_OF_A_PROVIDER):
                raise NotUnderstood(error.reason) from error
            raise


def normalised(question: str) -> str:
    """The same question however it was typed: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", question).split())


def _name(*parts: str) -> str:
    digest = sha256("\0".join(parts).encode()).hexdigest()
    return f"question:{digest}"
