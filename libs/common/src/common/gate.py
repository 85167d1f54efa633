"""The one way to a provider's model: whatever asks, asks through its gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.providers import Asked, asking


@dataclass(frozen=True, slots=True)
class Need:
    """What one request takes at most. ``usd`` is None where the price is not known."""

    usd: float | None
    audio_seconds: float = 0.0
    tokens: int = 0


class Gate:
    """One model of one provider."""

    def __init__(self, provider: str, model: str) -> None:
        self.provider = provider
        self.model = model

    @asynccontextmanager
    async def asking(self, what: str, need: Need) -> AsyncIterator[Asked]:
        """Make one request inside; *what* is for the log, such as ``recognising speech``.

        Raises:
            Transient: the provider cannot be asked now.
            Permanent: it refuses.
        """
        _ = need
        with asking(what, self.provider, self.model) as asked:
            yield asked
