"""Events announced outside their stage: put together again from what is kept, references only."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from faststream.exceptions import FastStreamException
from faststream_sqs import SQSBroker

from common.entry import Entry
from common.errors import PipelineError, Transient, raising
from common.events import CallAnalyzed, CallIngested, CallTranscribed, CallUploaded, Event
from common.model import Analysis, Call, CallKey, TranscriptHead
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE, Stage
from common.settings import AwsSettings
from common.store import Store
from common.transcripts import TranscriptStore

QUEUE_FAILURES: dict[type[Exception], type[PipelineError]] = dict.fromkeys(
    (FastStreamException, ClientError, BotoCoreError, OSError), Transient
)
"""A queue that does not take a message: whoever handed it in tries again."""


@dataclass(frozen=True, slots=True)
class Announcer:
    """Sends an event to the stage that takes it, in its tenant's turn."""

    broker: SQSBroker

    async def announce(self, event: Event, stage: Stage) -> None:
        """Return once the queue has it."""
        with raising(f"announcing a call to {stage.name}", QUEUE_FAILURES):
            await self.broker.publish(event, stage.queue, group_id=event.tenant_id)


@asynccontextmanager
async def open_announcer(settings: AwsSettings, urls: Mapping[str, str]) -> AsyncIterator[Announcer]:
    """An announcer with a connection of its own; *urls* by stage."""
    async with SQSBroker(
        settings.sqs_endpoint,
        region_name=settings.aws_region,
        queue_urls=urls,
        logger=logging.getLogger("faststream_sqs"),
        log_level=logging.DEBUG,
    ) as broker:
        yield Announcer(broker)


@dataclass(frozen=True, slots=True)
class Kept:
    """The documents of the stages, of this revision or, where it has none of its own, of an earlier one."""

    calls: Store[Call]
    transcripts: TranscriptStore
    analyses: Store[Analysis]

    async def event_for(self, stage: Stage, entry: Entry) -> Event | None:
        """What the stage before announced; None where nothing of it is kept."""
        key = entry.key
        match stage.name:
            case INGEST.name:
                return uploaded(entry)
            case TRANSCRIBE.name:
                call = await self.calls.latest(key)
                return ingested(key, call) if call else None
            case ANALYZE.name:
                head = await self.transcripts.head(key)
                return transcribed(key, head) if head else None
            case EMBED.name:
                analysis = await self.analyses.latest(key)
                return analyzed(key, analysis) if analysis else None
        raise ValueError(stage.name)


def uploaded(entry: Entry) -> CallUploaded | None:
    """What was handed in, as far as the journal knows where it lies; its metadata are in the sidecar."""
    if entry.source is None:
        return None
    return CallUploaded(tenant_id=entry.tenant_id, call_id=entry.call_id, **dict(entry.source))


def ingested(key: CallKey, call: Call) -> CallIngested:
    """A call that is kept."""
    return CallIngested(
        **dict(key),
        recording=call.recording,
        transcript=call.transcript,
        channel_roles=call.metadata.channel_roles,
    )


def transcribed(key: CallKey, head: TranscriptHead) -> CallTranscribed:
    """A transcript that is kept."""
    return CallTranscribed(
        **dict(key),
        language=head.language,
        utterances=head.utterance_count,
        flagged=head.flagged,
        damaged=head.damaged,
        work=head.work,
    )


def analyzed(key: CallKey, analysis: Analysis) -> CallAnalyzed:
    """An analysis that is kept."""
    found = analysis.insights.findings if analysis.insights else ()
    verified = sum(finding.verified for finding in found)
    return CallAnalyzed(**dict(key), findings=len(found), verified=verified, work=analysis.work)
