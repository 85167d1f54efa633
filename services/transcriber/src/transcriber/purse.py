"""What a call's cuts cost is put by before the first of them is heard."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol

from common.budget import Budget
from common.model import CallKey
from common.work import Claims, WorkId

from transcriber.speech import Clip


class Purse(Protocol):
    """Puts money by for a call."""

    async def reserve(self, key: CallKey, clips: Sequence[Clip]) -> AbstractAsyncContextManager[None]:
        """What to hear the clips in.

        Raises:
            Permanent: they cost more than is left of a budget.
            Parked: as above, where the operator would rather wait.
        """
        ...


class NoPurse:
    """Where nobody limits what is spent."""

    async def reserve(self, _key: CallKey, _clips: Sequence[Clip]) -> AbstractAsyncContextManager[None]:
        """Reserve nothing."""
        return nullcontext()


class CutPurse:
    """Reserves for the cuts that are not kept yet, by their length: *cost* takes seconds of audio."""

    def __init__(
        self,
        budget: Budget,
        claims: Claims,
        work: Callable[[Clip], WorkId],
        cost: Callable[[float], float | None],
    ) -> None:
        self._budget = budget
        self._claims = claims
        self._work = work
        self._cost = cost

    async def reserve(self, key: CallKey, clips: Sequence[Clip]) -> AbstractAsyncContextManager[None]:
        """As ``Purse`` says; what was heard before costs nothing."""
        seconds = {self._work(clip): math.ceil(clip.cut.seconds) for clip in clips}
        missing = await self._claims.missing(seconds)
        costs = [self._cost(seconds[work]) or 0.0 for work in missing]
        return self._budget.reserved(key, sum(costs))
