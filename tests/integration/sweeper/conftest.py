"""A sweeper over a real journal."""

from collections.abc import Iterator
from typing import Any

import pytest
from common.announcements import Kept
from common.depths import Queues
from common.journal import Journal
from common.ledger import Ledger
from common.metrics import SweepMetrics
from common.model import Analysis, Call
from common.pipeline import PIPELINE, dead_letter_name
from common.recordings import RecordingBucket
from common.store import Store
from common.transcripts import transcripts_in
from faststream_sqs import FakeSQS
from ingest.erasure import Erasure
from ingest.lease import Lease
from ingest.sweeper import Sweeper
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from sweeping import PATIENCE, Announced, Clock, lease_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def announced() -> Announced:
    return Announced()


@pytest.fixture
def sqs() -> FakeSQS:
    return FakeSQS()


@pytest.fixture
def queues(sqs: FakeSQS) -> Queues:
    urls = {}
    for stage in PIPELINE:
        sqs.add_queue(dead_letter_name(stage.name))
        urls[stage.name] = sqs.add_queue(stage.name, dead_letter=dead_letter_name(stage.name))
    return Queues(sqs, urls)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def journal(database: Any) -> Journal:
    journal = Journal(database["journal"])
    await journal.prepare()
    return journal


@pytest.fixture
def sweeper(
    journal: Journal,
    database: Any,
    s3: Any,
    announced: Announced,
    queues: Queues,
    registry: CollectorRegistry,
    clock: Clock,
) -> Sweeper:
    kept = Kept(
        Store(database["calls"], Call),
        transcripts_in(database),
        Store(database["analyses"], Analysis),
    )
    return Sweeper(
        journal,
        kept,
        announced,
        queues,
        PATIENCE,
        SweepMetrics(registry),
        clock,
        Ledger(database["ledger"], "search", days=1),
        Erasure(journal, database, RecordingBucket(s3), "transcripts", clock),
    )


@pytest.fixture
def lease(database: Any, clock: Clock) -> Lease:
    return lease_of(database, "a", clock)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield
