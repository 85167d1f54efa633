"""A stage and its queue while the provider is down, busy, or refuses the key: nothing is lost or burned."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Annotated

import httpx2
import pytest
from common.app import StageSettings, consumer
from common.breaker import Rules
from common.events import CallTranscribed
from common.gate import Gate, Need, Patience
from common.pipeline import ANALYZE
from common.providers import Asked
from contract.harness import golden
from fakes import FakeJournal
from faststream import Context
from faststream_sqs import SQSBroker, SQSQueue, SQSRouter
from faststream_sqs.fake import FakeSQS
from provider_errors import broken, refusal
from waiting import until

EVENT = golden("call.transcribed.v1")
DLQ = "analyze-dlq"
IDLE = 0.6  # seconds a paused stage is watched; it would have received several times
STAGE = replace(ANALYZE, queue=SQSQueue("analyze", visibility_timeout=1))
RULES = Rules(in_a_row=2, outage=IDLE, denied=IDLE, longest=IDLE)

TheGate = Annotated[Gate, Context("gate")]
DOWN = broken(httpx2.ConnectError("refused"))


@dataclass
class Provider:
    """Fails until it is mended."""

    failure: Exception | None = None
    asked: int = 0

    async def __call__(self, _asked: Asked) -> None:
        self.asked += 1
        if self.failure:
            raise self.failure


@dataclass
class Scene:
    """One stage at work on a queue in memory."""

    provider: Provider = field(default_factory=Provider)
    sqs: FakeSQS = field(default_factory=FakeSQS)
    journal: FakeJournal = field(default_factory=FakeJournal)
    counts: list[int] = field(default_factory=list)

    def hand_in(self, call_id: str) -> None:
        """Send the stage one call."""
        self.sqs.put("analyze", json.dumps(EVENT | {"call_id": call_id}))

    @property
    def received(self) -> int:
        """How often it asked for messages."""
        return self.sqs.requests["receive_message"]

    @property
    def left(self) -> tuple[int, int]:
        """Messages on the queue, and in its dead-letter queue."""
        return len(self.sqs.queues["analyze"].messages), len(self.sqs.queues[DLQ].messages)

    async def failed(self, times: int) -> None:
        """Wait until the provider was asked so often."""

        async def asked() -> bool:
            return self.provider.asked >= times

        await until(asked, 10, what=f"asked {times} times")

    async def done(self) -> None:
        """Wait until nothing is left."""

        async def empty() -> bool:
            return self.left == (0, 0)

        await until(empty, 15, what="every message handled and deleted")


@asynccontextmanager
async def at_work(scene: Scene, patience: Patience) -> AsyncIterator[Scene]:
    router = SQSRouter()

    @router.subscriber(STAGE.queue)
    async def analyze(event: CallTranscribed, gate: TheGate) -> None:
        await gate.ask("asking", Need(usd=0.0), scene.provider)

    scene.sqs.add_queue(DLQ)
    scene.sqs.add_queue("analyze", dead_letter=DLQ, max_receive_count=20)
    settings = StageSettings.model_validate(
        {"aws_region": "us-east-1", "sqs_wait_seconds": 0, "worker_concurrency": 5}
    )
    outside = {"journal": scene.journal, "gate": Gate("openai", "gpt-6-luna", patience=patience)}
    app = consumer(STAGE, settings, router, nullcontext(outside))
    assert isinstance(app.broker, SQSBroker)
    app.broker.config.broker_config.client_factory = scene.sqs.client
    async with app.lifespan_context():
        await app.broker.start()
        yield scene
        await app.broker.stop()


@pytest.mark.parametrize("failure", [DOWN, refusal(401), refusal(429, code="insufficient_quota")])
async def test_a_stage_whose_provider_cannot_be_asked_receives_nothing_and_burns_nothing(
    failure: Exception,
) -> None:
    """What it holds stays its own and is done in the first delivery; what waits was not received in vain."""
    scene = Scene(Provider(failure))
    async with at_work(scene, Patience(rules=RULES)):
        scene.hand_in("c-1")
        scene.hand_in("c-2")
        await scene.failed(2)
        before = scene.received
        scene.hand_in("c-3")
        extended = scene.sqs.requests["change_message_visibility_batch"]
        await scene.failed(4)  # probes: each a rest apart
        during = scene.received - before, scene.left, scene.sqs.requests["change_message_visibility_batch"]
        counts = {message.receive_count for message in scene.sqs.queues["analyze"].messages}
        scene.provider.failure = None
        await scene.done()

    assert (True, (3, 0), {0, 1}) == (during[0] <= 1, during[1], counts)
    assert during[2] > extended
    assert ["begin", "finish"] * 3 == sorted_by_call(scene.journal)


def sorted_by_call(journal: FakeJournal) -> list[str]:
    """What the journal was told, call by call."""
    return [note for _, note in sorted(journal.notes, key=lambda each: each[0])]


async def test_a_storm_of_429_is_sat_out_in_the_first_delivery() -> None:
    """Requests are counted, attempts are not: the journal hears of no failure."""
    scene = Scene(Provider(refusal(429, after="0.05")))
    async with at_work(scene, Patience(rules=RULES)):
        scene.hand_in("c-1")
        await scene.failed(10)
        scene.provider.failure = None
        await scene.done()

    assert ["begin", "finish"] == sorted_by_call(scene.journal)
    assert scene.journal.entries["acme:c-1:1"].stages["analyze"].causes == {}


async def test_who_is_held_too_long_is_given_back_with_a_delay_and_done_later() -> None:
    """No message is held for ever; the stage itself tries again with what it receives then."""
    scene = Scene(Provider(DOWN))
    async with at_work(scene, Patience(hold=0.2, rules=RULES)):
        scene.hand_in("c-1")
        scene.hand_in("c-2")

        async def given_back() -> bool:
            return "retried: provider_unavailable" in sorted_by_call(scene.journal)

        await until(given_back, 10, what="given back")
        scene.provider.failure = None
        await scene.done()

    assert "finish" == sorted_by_call(scene.journal)[-1]
