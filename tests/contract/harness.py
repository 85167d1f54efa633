"""One service's application with nothing real behind it, and the seven promises every stage keeps."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from common.errors import Permanent, PipelineError, Transient
from common.model import CallKey
from common.pipeline import Stage, next_stage
from fakes import FakeJournal, FakeStore, Workshop
from faststream import BaseMiddleware, ContextRepo, TestApp
from faststream.asgi import AsgiFastStream
from faststream.exceptions import AckMessage, HandlerException, NackMessage
from faststream_sqs import SQSBroker, TestSQSBroker
from nouns import tombstone

CONTRACTS = Path(__file__).parents[2] / "libs" / "common" / "contracts"
Event = dict[str, Any]


def golden(name: str) -> Event:
    """An example of an event that both its neighbours test against."""
    event: Event = json.loads((CONTRACTS / f"{name}.json").read_text("utf-8"))
    return event


@dataclass(frozen=True, slots=True)
class Fate:
    """What the queue is told to do with a message; *delay* is in seconds."""

    what: Literal["acked", "nacked", "rejected"]
    delay: float | None = None
    reason: str | None = None


ACKED = Fate("acked")


@dataclass
class Running:
    """A running service: what it is handed, what it announces."""

    stage: Stage
    broker: SQSBroker
    announced: list[Event] = field(default_factory=list)
    fates: dict[str, Fate] = field(default_factory=dict)

    async def receive(self, body: Any) -> Fate:
        """Deliver a message and wait for its fate."""
        sent = await self.broker.publish(body, self.stage.queue)
        return self.fates[sent.message_id]


@asynccontextmanager
async def running(app: AsgiFastStream, stage: Stage) -> AsyncIterator[Running]:
    """Start the application in memory; whatever it announces is noted as the next stage would get it."""
    broker = app.broker
    assert isinstance(broker, SQSBroker)
    service = Running(stage, broker)
    broker.insert_middleware(partial(_Watching, fates=service.fates))
    async with TestSQSBroker(broker, *_listener(stage, service.announced), connect_only=False), TestApp(app):
        yield service


def _listener(stage: Stage, announced: list[Event]) -> list[SQSBroker]:
    following = next_stage(stage)
    if following is None:
        return []
    broker = SQSBroker()

    @broker.subscriber(following.queue)
    async def note(event: Event) -> None:
        announced.append(event)

    return [broker]


class _Watching(BaseMiddleware):
    """Outside of everything the service itself wraps around its handler."""

    def __init__(self, msg: Any | None, /, *, context: ContextRepo, fates: dict[str, Fate]) -> None:
        super().__init__(msg, context=context)
        self._fates = fates

    async def consume_scope(self, call_next: Callable[[Any], Any], msg: Any) -> Any:
        """Note what becomes of the message."""
        try:
            result = await call_next(msg)
        except HandlerException as error:
            self._fates[msg.message_id] = _fate(error)
            raise
        self._fates[msg.message_id] = ACKED
        return result


def _fate(error: HandlerException) -> Fate:
    options: Mapping[str, Any] = getattr(error, "extra_options", {})
    if isinstance(error, AckMessage):
        return ACKED
    what: Literal["nacked", "rejected"] = "nacked" if isinstance(error, NackMessage) else "rejected"
    return Fate(what, options.get("delay"), options.get("reason"))


@dataclass(frozen=True)
class Promise:
    """One service on trial: what it takes and announces, where it keeps, and where its work costs money."""

    service: Running
    takes: Event
    announces: Event | None
    kept: FakeStore[Any]
    paid: Workshop
    journal: FakeJournal

    @property
    def expected(self) -> list[Event]:
        """What one delivery announces."""
        return [] if self.announces is None else [self.announces]


NONSENSE: Mapping[str, Any] = {
    "bytes": b"\xff\xfe\x00",
    "text": "hello",
    "a list": [1, 2],
    "nothing": {},
    "another event": {"type": "call.exploded.v1", "tenant_id": "acme", "call_id": "c-42", "revision": 1},
    "a path for a tenant": {"tenant_id": "../acme", "call_id": "c-42", "revision": 1},
    "a huge revision": {"tenant_id": "acme", "call_id": "c-42", "revision": 10**30},
    "a call id of another type": {"tenant_id": "acme", "call_id": ["c-42"], "revision": 1},
}


class StagePromises:
    """The seven promises. A service's test class inherits them and provides the fixture ``promise``."""

    async def test_a_golden_event_becomes_a_golden_event(self, promise: Promise) -> None:
        """The golden event of the stage before is answered with ours, and the document is kept."""
        assert await promise.service.receive(promise.takes) == ACKED

        assert promise.expected == promise.service.announced
        assert [CallKey.model_validate(promise.takes).id] == list(promise.kept.kept)
        assert ["begin", "finish"] == [note for _, note in promise.journal.notes]

    async def test_a_redelivered_call_is_announced_again_but_paid_for_once(self, promise: Promise) -> None:
        """Delivered again, a finished call costs nothing and is announced in the same words."""
        first, again = (
            await promise.service.receive(promise.takes),
            await promise.service.receive(promise.takes),
        )

        assert (ACKED, ACKED) == (first, again)
        assert promise.expected * 2 == promise.service.announced
        assert promise.paid.done == 1

    async def test_two_workers_at_once_announce_the_one_that_was_kept(self, promise: Promise) -> None:
        """However their work differs, two workers on one call announce the one document that was kept."""
        promise.paid.together = 2

        fates = await asyncio.gather(*(promise.service.receive(promise.takes) for _ in range(2)))

        assert [ACKED, ACKED] == fates
        assert promise.paid.done == 2
        assert len(promise.kept.kept) == 1
        assert promise.expected * 2 == promise.service.announced

    @pytest.mark.parametrize(
        ("failure", "fate", "note"),
        [
            (
                Transient("busy", reason="provider_busy", retry_after=7),
                Fate("nacked", delay=7),
                "retried: provider_busy",
            ),
            (
                Permanent("no", reason="provider_refused"),
                Fate("rejected", reason="provider_refused"),
                "failed: provider_refused",
            ),
        ],
        ids=["transient", "permanent"],
    )
    async def test_a_failed_call_is_neither_kept_nor_announced(
        self, promise: Promise, failure: PipelineError, fate: Fate, note: str
    ) -> None:
        """A failure leaves no document and no announcement; the queue and the journal hear of it."""
        promise.paid.failure = failure

        assert fate == await promise.service.receive(promise.takes)

        assert [] == promise.service.announced
        assert {} == promise.kept.kept
        assert note == promise.journal.notes[-1][1]

    async def test_an_erased_call_comes_to_nothing(self, promise: Promise) -> None:
        """Its message is done with: nothing is paid for, kept or announced."""
        key = CallKey.model_validate(promise.takes)
        promise.journal.entries[key.id] = tombstone(key)

        assert ACKED == await promise.service.receive(promise.takes)

        assert ([], {}, 0) == (promise.service.announced, promise.kept.kept, promise.paid.done)

    @pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE.keys())
    async def test_nonsense_is_refused_quietly(
        self, promise: Promise, body: Any, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """What cannot be read goes to the dead-letter queue at once, without work and without a traceback."""
        assert Fate("rejected", reason="invalid_message") == await promise.service.receive(body)

        assert ([], {}, 0) == (promise.service.announced, promise.kept.kept, promise.paid.done)
        assert "exception" not in capfd.readouterr().out

    async def test_an_event_from_the_future_is_understood(self, promise: Promise) -> None:
        """Fields that a later version adds are ignored."""
        future = promise.takes | {"weather": {"sky": "clear"}, "steps": [1, 2, 3]}

        assert await promise.service.receive(future) == ACKED

        assert promise.expected == promise.service.announced


def settings(**chosen: str) -> dict[str, str]:
    """Settings every stage needs, none of which leads anywhere."""
    queues: Sequence[str] = ("ingest", "transcribe", "analyze", "embed")
    return {
        "aws_region": "us-east-1",
        "mongodb_uri": "mongodb://nowhere.invalid/",
        "opensearch_url": "http://nowhere.invalid",
        "redis_endpoint": "nowhere.invalid:6379",
        "openai_api_key": "none",
        "s3_bucket_audio": "callstream-audio",
        "s3_bucket_transcripts": "callstream-transcripts",
        **{f"sqs_{name}_queue_url": f"http://nowhere.invalid/{name}" for name in queues},
        **chosen,
    }
