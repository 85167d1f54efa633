"""Questions about one call or many, answered in sentences that cite what was said."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final
from uuid import uuid4

from common.access.audit import Through
from common.account import current
from common.errors import Permanent
from common.index import Filters
from common.model import CallId, CallKey, FindingType, Noun
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from ingest.api.answers import AskAnswer
from ingest.api.calls import Documents
from ingest.api.event_stream import Emit, EventStream, event
from ingest.api.failures import told_of
from ingest.api.given import TheAnswerer, TheAskLimiter, TheRetriever
from ingest.api.moments import Moment
from ingest.api.samples.asked import ASK
from ingest.api.sought import check_period
from ingest.asking.answer import Sentence, Totals
from ingest.asking.answering import Tell, retrieved
from ingest.asking.question import Prepared, Question
from ingest.negotiation import preferred
from ingest.problems import Problem, too_many
from ingest.security.admission import ThePrincipal, needs, note

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"

router = APIRouter(tags=["search"])

Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=20)]


class AskRequest(Noun):
    """A question, and which calls may answer it; several values of a filter are alternatives."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    call_ids: Annotated[tuple[CallId, ...], Field(max_length=20)] = Field(
        (), description="These calls alone; of one short call everything is read"
    )
    since: Moment | None = Field(None, description="Calls that began at or after")
    until: Moment | None = Field(None, description="Calls that began before")
    speakers: Names = ()
    agents: Names = ()
    sentiments: Names = ()
    finding_types: tuple[FindingType, ...] = Field((), description="Only what such a finding rests on")
    stream: bool = Field(default=False, description="As ``Accept: text/event-stream``")

    @property
    def filters(self) -> Filters:
        """As the index takes them."""
        return Filters.model_validate(self.model_dump(exclude={"question", "stream"}))

    @property
    def through(self) -> Through:
        """What it looks through, for the record."""
        filters = self.model_dump(exclude={"question", "stream"}, exclude_defaults=True)
        return Through(filters=tuple(sorted(filters)), calls=len(set(self.call_ids)))

    @property
    def whole_call(self) -> str | None:
        """The one call that is asked about, if nothing narrows it."""
        one = len(set(self.call_ids)) == 1 and self.filters == Filters(call_ids=self.call_ids)
        return self.call_ids[0] if one else None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a tenant's questions are taken."""

    documents: Annotated[Documents, Depends()]
    retriever: TheRetriever
    answerer: TheAnswerer
    limiter: TheAskLimiter

    async def prepare(self, asked: AskRequest, new_id: Callable[[], str]) -> Prepared:
        """Everything that may answer a question.

        Raises:
            Problem: 400, no call can be of this period; 404, there is no such call; 429, too many questions.
            Transient: something that is needed does not answer.
        """
        check_period(asked.since, asked.until)
        tenant = self.documents.tenant
        if account := current():
            account.tenant_id = tenant  # who pays for the question
        if wait := await self.limiter.seconds_to_wait(f"ask:{tenant}"):
            raise too_many(wait, "ASK_RATE_LIMIT")
        key = CallKey(tenant_id=tenant, call_id=f"ask-{new_id()}")
        question = Question(tenant, asked.question, asked.filters)
        entries = await asyncio.gather(*(self.documents.entry(each, None) for each in asked.call_ids))
        if asked.whole_call:
            transcript = await self.documents.transcripts.latest(entries[0].key)
            if transcript and (excerpts := self.retriever.whole(transcript)):
                return Prepared(key, question, excerpts)
        excerpts, work = await self.retriever.retrieve(question)
        return Prepared(key, question, excerpts, work)

    async def answer(self, prepared: Prepared) -> AskAnswer:
        """The whole answer."""
        sentences: list[Sentence] = []

        async def tell(sentence: Sentence) -> None:
            sentences.append(sentence)

        totals = await self._answered(prepared, tell)
        return AskAnswer(question=prepared.question.text, sentences=tuple(sentences), **dict(totals))

    async def emit(self, prepared: Prepared, emit: Emit) -> None:
        """The answer as events, each sentence once it is verified."""

        async def tell(sentence: Sentence) -> None:
            emit(event("sentence", sentence.model_dump_json()))

        emit(event("retrieved", retrieved(prepared).model_dump_json()))
        try:
            totals = await self._answered(prepared, tell)
        except Exception as error:  # noqa: BLE001 - the answer has begun: what failed can only be its end
            emit(event("error", told_of(error).json()))
        else:
            emit(event("done", totals.model_dump_json()))

    async def _answered(self, prepared: Prepared, tell: Tell) -> Totals:
        try:
            return await self.answerer.answer(prepared, tell)
        except Permanent as error:
            raise _refused(error) from error


def _refused(error: Permanent) -> Exception:
    match error.reason:
        case "budget_exceeded":
            return Problem(
                429,
                "What may be spent today is spent; ask again tomorrow (UTC), or raise the budget.",
                reason=error.reason,
            )
        case "provider_refused":
            return Problem(
                422, "The model refuses to answer this question; ask it in other words.", reason=error.reason
            )
        case _:
            return error


def new_question() -> Callable[[], str]:
    """Where the names of questions come from."""
    return lambda: uuid4().hex


@router.post(
    "/ask", summary="Ask a question", dependencies=[needs("ask")], response_model=AskAnswer, responses=ASK
)
async def ask(
    asked: AskRequest,
    request: Request,
    who: ThePrincipal,
    desk: Annotated[Desk, Depends()],
    new_id: Annotated[Callable[[], str], Depends(new_question)],
    accept: Annotated[str | None, Header()] = None,
) -> AskAnswer | Response:
    """Answer a question from what was said: each sentence cites calls, utterances, words and times.

    What the calls do not say is not answered: ``answered`` is false then, and ``sentences`` empty.
    """
    wanted = preferred(accept, (JSON, EVENTS))
    if wanted is None:
        raise Problem(406, f"An answer can be had as {JSON} or {EVENTS}.")
    one = asked.call_ids[0] if asked.through.calls == 1 else None
    await note(request, who, "ask", one, asked.through)
    prepared = await desk.prepare(asked, new_id)
    if asked.stream or wanted == EVENTS:
        return EventStream(partial(desk.emit, prepared))
    return await desk.answer(prepared)
