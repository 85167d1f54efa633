"""One request for the texts of several calls, while the provider is asked already: fewer, fuller requests.

Texts of a tenant wait only for that tenant's request under way, and go with all that has gathered meanwhile;
what fills a request goes at once. No request holds texts of two tenants: limits and costs stay apart.
"""

import asyncio
import copy
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from common.account import Account, accounting, current
from common.errors import Permanent, PipelineError
from common.fair import Turns
from common.gate import Need
from common.joint import JointAccount, Party, shared_out
from common.model import Work
from common.models.embedding import tokens_at_most
from common.vectors import Embedded, Embedder, Vector
from common.vectors.edge import Room


@dataclass(eq=False)
class _Wish:
    """One call's texts, who asks for them, and where the answer is awaited."""

    texts: Sequence[str]
    account: Account | None
    context: Context = field(default_factory=copy_context)
    answer: asyncio.Future[Embedded] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def tokens(self) -> int:
        return sum(map(tokens_at_most, self.texts))

    @property
    def given_up(self) -> bool:
        return self.answer.done()

    def fail(self, error: Exception) -> None:
        """A failure of its own: one that several waiters raise would carry all their tracebacks."""
        own = copy.copy(error) if isinstance(error, PipelineError) else error
        own.__cause__ = error.__cause__
        if not self.given_up:
            self.answer.set_exception(own)

    def fulfil(self, vectors: tuple[Vector, ...], work: Work) -> None:
        """The answer, unless nobody awaits it any more."""
        if not self.given_up:
            self.answer.set_result(Embedded(vectors, work))


class JoinedEmbedder:
    """An ``Embedder`` that asks the one *within*, in turns that the process's calls share."""

    def __init__(self, within: Embedder, turns: Turns) -> None:
        self._within = within
        self._turns = turns
        self._gathered = defaultdict[str, list[_Wish]](list)
        self._asking: dict[asyncio.Task[None], tuple[str, Sequence[_Wish]]] = {}
        self.model = within.model
        self.dimensions = within.dimensions
        self.room = within.room

    def need(self, texts: Sequence[str]) -> Need:
        """Of the embedder within."""
        return self._within.need(texts)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """As ``Embedder`` says; what it took is this call's part."""
        account = current()
        tenant, wish = (account.tenant_id if account else None) or "", _Wish(texts, account)
        self._gathered[tenant].append(wish)
        self._go_on(tenant)
        try:
            return await wish.answer
        finally:
            self._leave_off()

    def _go_on(self, tenant: str) -> None:
        """Ask for what fills a request; for less, if nothing is being asked for this tenant."""
        while batch := self._next(tenant):
            task = asyncio.create_task(self._ask_for(tenant, batch), context=batch[0].context)
            self._asking[task] = (tenant, batch)
            task.add_done_callback(partial(self._ended, tenant))

    def _next(self, tenant: str) -> Sequence[_Wish]:
        waiting = [wish for wish in self._gathered.pop(tenant, []) if not wish.given_up]
        batch, full = _fitting(waiting, self.room)
        idle = all(other != tenant for other, _ in self._asking.values())
        taken = len(batch) if idle or full else 0
        if left := waiting[taken:]:
            self._gathered[tenant] = left
        return batch[:taken]

    def _ended(self, tenant: str, task: asyncio.Task[None]) -> None:
        del self._asking[task]
        self._go_on(tenant)

    async def _ask_for(self, tenant: str, batch: Sequence[_Wish]) -> None:
        key = batch[0].account.key if batch[0].account else None
        try:
            async with self._turns.turn(tenant, key.call_id if key else ""):
                await self._answer([wish for wish in batch if not wish.given_up])
        finally:
            for wish in batch:
                wish.answer.cancel()  # of whom nothing was heard: we were told to stop

    async def _answer(self, batch: Sequence[_Wish]) -> None:
        try:
            with _paid_by(batch):
                embedded = await self._within.embed([text for wish in batch for text in wish.texts])
        except Permanent as error:
            await self._refused(batch, error)
        except Exception as error:  # noqa: BLE001 - those who wait have to hear of it, whatever it is
            for wish in batch:
                wish.fail(error)
        else:
            _shared_out(batch, embedded)

    async def _refused(self, batch: Sequence[_Wish], error: Permanent) -> None:
        """Whose text it was nobody knows: each is asked for by itself, and no other call fails for it."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for wish in batch:
            await asyncio.create_task(self._answer([wish]), context=wish.context)

    async def close(self) -> None:
        """End what is being asked."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    def _leave_off(self) -> None:
        """Stop asking for what nobody awaits any more."""
        for task, (_, batch) in self._asking.items():
            if all(wish.answer.cancelled() for wish in batch):
                task.cancel()


@asynccontextmanager
async def joined(within: Embedder, turns: Turns) -> AsyncIterator[JoinedEmbedder]:
    """The embedder, all of whose requests have ended when this has."""
    embedder = JoinedEmbedder(within, turns)
    try:
        yield embedder
    finally:
        await embedder.close()


def _fitting(waiting: Sequence[_Wish], room: Room) -> tuple[Sequence[_Wish], bool]:
    """The first that fit into one request, and whether nothing more does."""
    inputs = tokens = 0
    for count, wish in enumerate(waiting):
        if count and not room.fits(inputs + len(wish.texts), tokens + wish.tokens):
            return waiting[:count], True
        inputs, tokens = inputs + len(wish.texts), tokens + wish.tokens
    return waiting, not room.fits(inputs + 1, tokens + 1)


def _paid_by(batch: Sequence[_Wish]) -> AbstractContextManager[None]:
    """Into whose account the request goes: the call's, or those of all calls by their parts."""
    weights = Counter[Account]()
    for wish in batch:
        if wish.account:
            weights[wish.account] += wish.tokens
    if not weights:
        return nullcontext()
    parties = [Party(account, tokens) for account, tokens in weights.items()]
    return accounting(JointAccount(parties) if len(parties) > 1 else parties[0].account)


def _shared_out(batch: Sequence[_Wish], embedded: Embedded) -> None:
    works = shared_out(embedded.work, [wish.tokens for wish in batch])
    vectors = iter(embedded.vectors)
    for wish, work in zip(batch, works, strict=True):
        wish.fulfil(tuple(islice(vectors, len(wish.texts))), work)
