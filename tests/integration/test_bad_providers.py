"""A provider that is busy, broken or slow: every call comes through, and no answer is asked for twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from common.ctl.buckets import create_buckets
from common.events import CallIngested
from common.model import ObjectRef, Recording
from common.pipeline import TRANSCRIBE
from contract.harness import ACKED, Fate, Running, running
from ears import told
from faststream_sqs.sessions import open_session
from misbehaviour import GARBAGE, answering, break_off, busy, holding, now_as_a_date, slowly
from provider_log import Act, hang_up
from servers import Servers
from tone_files import record, short_call
from tone_speech import ToneSpeech, running_tone_speech, speak
from transcriber.app import create_app
from waiting import until

CUTS = 4  # of a short call
PATIENCE = 30.0  # seconds, which a provider's own word and our back-off may take up


@dataclass
class Stage:
    """The transcriber on real servers; only its queue is in memory."""

    service: Running
    provider: ToneSpeech
    event: dict[str, Any]
    fates: list[Fate] = field(default_factory=list)

    async def deliver(self) -> Fate:
        """Deliver the call once."""
        self.fates.append(await self.service.receive(self.event))
        return self.fates[-1]

    async def deliver_until_done(self) -> None:
        """Deliver it as often as it is given back."""
        await until(self._done, PATIENCE, what="the call is through")
        assert [] == [fate for fate in self.fates if fate.what == "rejected"]

    async def _done(self) -> bool:
        return await self.deliver() == ACKED

    @property
    def answers(self) -> list[int]:
        """How often each cut was answered."""
        return list(Counter(asked.text for asked in self.provider.answered).values())


@pytest.fixture
async def provider() -> AsyncIterator[ToneSpeech]:
    async with running_tone_speech() as server:
        yield server


@pytest.fixture
async def stage(server: Servers, fresh: str, provider: ToneSpeech, tmp_path: Path) -> AsyncIterator[Stage]:
    buckets = {"s3_bucket_audio": f"{fresh}-audio", "s3_bucket_transcripts": f"{fresh}-transcripts"}
    event = await _uploaded(server, buckets, record(tmp_path / "call.wav", short_call(0)))
    async with running(create_app(told(server, fresh, provider, **buckets)), TRANSCRIBE) as service:
        yield Stage(service, provider, event)


async def _uploaded(server: Servers, buckets: dict[str, str], path: Path) -> dict[str, Any]:
    content = await asyncio.to_thread(path.read_bytes)
    where = ObjectRef(bucket=buckets["s3_bucket_audio"], key=path.name)
    async with open_session().create_client("s3", "us-east-1", endpoint_url=server("s3")) as s3:
        await create_buckets(s3, list(buckets.values()))
        await s3.put_object(Bucket=where.bucket, Key=where.key, Body=content)
    found = Recording(
        object=where,
        size_bytes=len(content),
        container="wav",
        codec="pcm_s16le",
        sample_rate=8000,
        channels=2,
    )
    return CallIngested(tenant_id="acme", call_id="c-42", recording=found).model_dump(mode="json")


def in_turn(*acts: Act) -> Callable[[int], Act]:
    """A provider that does these to its first requests and answers all others."""
    return lambda number: acts[number - 1] if number <= len(acts) else speak


async def test_a_storm_of_429_costs_time_alone(stage: Stage) -> None:
    """However many requests are turned away, the call comes through and each cut is answered once."""
    stage.provider.plan = in_turn(*[busy("0.1")] * 12)

    await stage.deliver_until_done()

    assert ([1] * CUTS, CUTS + 12) == (stage.answers, len(stage.provider.log))


async def test_whatever_a_busy_provider_says_the_call_comes_through(stage: Stage) -> None:
    """When to come back may be a date that is over, or make no sense."""
    words = ("0", "-3", "soon", "", "nan", now_as_a_date())
    stage.provider.plan = in_turn(*map(busy, words))

    await stage.deliver_until_done()

    assert ([1] * CUTS, CUTS + len(words)) == (stage.answers, len(stage.provider.log))


async def test_garbage_is_no_answer(stage: Stage) -> None:
    """What cannot be read is asked for again, and nothing else is."""
    stage.provider.plan = in_turn(*(answering(200, garbage) for garbage in GARBAGE))

    await stage.deliver_until_done()

    assert ([1] * CUTS, CUTS + len(GARBAGE)) == (stage.answers, len(stage.provider.log))


async def test_a_provider_that_breaks_off_is_asked_again(stage: Stage) -> None:
    """For the one cut it owes, and for no other."""
    stage.provider.plan = in_turn(answering(500), answering(503, b"upstream"), hang_up, break_off)

    await stage.deliver_until_done()

    assert ([1] * CUTS, CUTS + 4) == (stage.answers, len(stage.provider.log))


async def test_an_answer_that_trickles_in_is_heard_out(stage: Stage) -> None:
    """Byte by byte; nobody loses patience and asks again."""
    stage.provider.plan = in_turn(*[slowly] * CUTS)

    assert ACKED == await stage.deliver()

    assert ([1] * CUTS, CUTS) == (stage.answers, len(stage.provider.log))


async def test_a_call_delivered_again_while_it_is_worked_on_is_paid_for_once(stage: Stage) -> None:
    """The second delivery waits its turn, and finds everything done."""
    release = asyncio.Event()
    stage.provider.plan = lambda _number: holding(release)
    working = asyncio.create_task(stage.deliver())
    await until(_asked(stage, CUTS), PATIENCE, what="every cut is asked about")

    meanwhile = await stage.deliver()
    release.set()

    assert ("nacked", ACKED) == (meanwhile.what, await working)
    assert ACKED == await stage.deliver()
    assert ([1] * CUTS, CUTS) == (stage.answers, len(stage.provider.log))


def _asked(stage: Stage, count: int) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return len(stage.provider.log) == count

    return asked
