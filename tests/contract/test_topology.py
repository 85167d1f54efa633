"""The pipeline as it is drawn, as the services are wired, and as the one-machine stack is laid out."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, cast

import analyzer.app
import embedder.app
import ingest.app
import pytest
import transcriber.app
from analyzer.settings import Settings as AnalyzerSettings
from common.clients import CONNECT_TIMEOUT
from common.pipeline import (
    DEAD_LETTER_RETENTION,
    MAX_RECEIVE_COUNT,
    PIPELINE,
    VISIBILITY_TIMEOUT,
    Stage,
    dead_letter_name,
    next_stage,
)
from common.settings import WorkerSettings
from common.work import LEASE
from contract.harness import settings
from embedder.settings import Settings as EmbedderSettings
from faststream.asgi import AsgiFastStream
from faststream_sqs import FakeSQS, SQSBroker
from faststream_sqs.engine.lease import margin
from faststream_sqs.fake import StoredQueue
from faststream_sqs.publisher.usecase import SQSPublisher
from faststream_sqs.subscriber.usecase import SQSSubscriber
from ingest.settings import Settings as IngestSettings
from manifests.rendering import K8S, KUBECTL, OVERLAYS, render
from onebox import aws, cloudformation, stack
from onebox.access import POLICIES, logical
from transcriber.settings import Settings as TranscriberSettings

Make = Callable[[Mapping[str, str]], AsgiFastStream]

APPLICATIONS: Mapping[str, Make] = {
    "ingest": lambda chosen: ingest.app.create_consumer(IngestSettings.model_validate(chosen), _nothing),
    "transcriber": lambda chosen: transcriber.app.create_app(
        TranscriberSettings.model_validate(chosen), _nothing
    ),
    "analyzer": lambda chosen: analyzer.app.create_app(AnalyzerSettings.model_validate(chosen), _nothing),
    "embedder": lambda chosen: embedder.app.create_app(EmbedderSettings.model_validate(chosen), _nothing),
}

every_stage = pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)


def _nothing(_settings: Any) -> Any:
    return nullcontext({})


def broker_of(stage: Stage, **chosen: str) -> SQSBroker:
    """The broker of the service that is this stage."""
    broker = APPLICATIONS[stage.service](settings(**chosen)).broker
    assert isinstance(broker, SQSBroker)
    return broker


@every_stage
def test_each_stage_has_one_service_that_drains_its_queue(stage: Stage) -> None:
    """One subscriber, one handler, on the stage's own queue."""
    (subscriber,) = broker_of(stage).subscribers

    assert isinstance(subscriber, SQSSubscriber)
    assert (stage.queue.name, 1) == (subscriber.queue.name, len(subscriber.calls))


@every_stage
def test_a_handler_is_called_by_its_queue(stage: Stage) -> None:
    """Queue, handler and stage have one name."""
    (subscriber,) = broker_of(stage).subscribers

    assert [stage.name] == [call.handler._original_call.__name__ for call in subscriber.calls]


@every_stage
def test_each_stage_announces_to_the_next(stage: Stage) -> None:
    """A service writes to the next stage's queue (ingest to its own as well), and the last one to none."""
    publishers = cast("list[SQSPublisher]", broker_of(stage).publishers)
    queues = {publisher.queue.name for publisher in publishers} - {stage.name}
    following = next_stage(stage)

    assert ({following.name} if following else set()) == queues


@every_stage
def test_the_operator_chooses_where_a_queue_is_and_how_much_is_in_flight(stage: Stage) -> None:
    """``SQS_…_QUEUE_URL`` and ``WORKER_CONCURRENCY`` reach the broker."""
    broker = broker_of(
        stage, worker_concurrency="7", **{f"sqs_{stage.name}_queue_url": "http://there.invalid/q"}
    )
    configuration = broker.config.broker_config

    assert 7 == configuration.max_workers
    assert "http://there.invalid/q" == configuration.queue_urls[stage.name]


@pytest.fixture
async def made() -> Mapping[str, StoredQueue]:
    """The queues that the one-machine stack creates."""
    sqs = FakeSQS()
    names = stack.Names()
    await aws.create_queues(_Lookup(sqs), {names.queue(s.name): aws.QUEUE_ATTRIBUTES for s in PIPELINE})
    return sqs._queues


class _Lookup:
    """``FakeSQS`` with what only ``create_queues`` asks for."""

    class exceptions:  # noqa: N801 - as botocore spells it
        """The client's exception classes."""

        QueueDoesNotExist = Exception

    def __init__(self, sqs: FakeSQS) -> None:
        self._sqs = sqs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)


@every_stage
async def test_the_stack_creates_each_queue_with_its_dead_letter_queue(
    stage: Stage, made: Mapping[str, StoredQueue]
) -> None:
    """Same names, same visibility timeout, same count as the pipeline says."""
    name = stack.Names().queue(stage.name)
    attributes = made[name].attributes

    assert str(DEAD_LETTER_RETENTION) == made[dead_letter_name(name)].attributes["MessageRetentionPeriod"]
    assert str(VISIBILITY_TIMEOUT) == attributes["VisibilityTimeout"]
    assert f'"maxReceiveCount": {MAX_RECEIVE_COUNT}' in attributes["RedrivePolicy"]
    assert attributes["RedrivePolicy"].count(dead_letter_name(name)) == 1


@every_stage
def test_the_template_has_each_queue_with_its_dead_letter_queue(stage: Stage) -> None:
    """AWS's queues are the stack's: names but for the prefix, visibility, count and what may be redriven."""
    resources = cloudformation.template()["Resources"]
    queue = resources[logical(stage.name, "Queue")]["Properties"]
    dead = resources[logical(stage.name, "DeadLetters")]["Properties"]

    assert f"${{Prefix}}-{stage.name}" == queue["QueueName"]["Fn::Sub"]
    assert f"${{Prefix}}-{dead_letter_name(stage.name)}" == dead["QueueName"]["Fn::Sub"]
    assert (VISIBILITY_TIMEOUT, MAX_RECEIVE_COUNT) == (
        queue["VisibilityTimeout"],
        queue["RedrivePolicy"]["maxReceiveCount"],
    )
    assert DEAD_LETTER_RETENTION == dead["MessageRetentionPeriod"]


def test_a_lease_is_prolonged_in_time() -> None:
    """A third of the visibility timeout is left for it: three timeouts of a connection; claims end before."""
    assert margin(VISIBILITY_TIMEOUT) * 3 <= VISIBILITY_TIMEOUT
    assert margin(VISIBILITY_TIMEOUT) >= 3 * CONNECT_TIMEOUT
    assert LEASE.total_seconds() < VISIBILITY_TIMEOUT


def test_a_drain_that_nobody_chose_fits_every_grace() -> None:
    """The default of ``DRAIN_SECONDS`` is over before the shortest grace is."""
    default = WorkerSettings.model_fields["drain_seconds"].default

    assert default <= min(stage.drain for stage in PIPELINE)


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: the manifests were not looked at")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_cluster_runs_every_stage(overlay: str) -> None:
    """One workload for each stage and the API, as its own account, each with a policy on AWS."""
    rendered = render(K8S / "overlays" / overlay)
    workloads = {stage.service for stage in PIPELINE} | {"ingest-api"}

    assert workloads == rendered.names("Deployment")
    assert workloads | {"pipelinectl"} == rendered.names("ServiceAccount")
    assert rendered.names("ServiceAccount") == {name for name, policy in POLICIES.items() if policy.is_ours}
    if rendered.of("ScaledObject"):
        assert {stage.service for stage in PIPELINE} == rendered.names("ScaledObject")


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: the manifests were not looked at")
@pytest.mark.parametrize("overlay", ["staging", "prod"])
def test_a_cluster_means_what_the_template_makes(overlay: str) -> None:
    """Queue URLs and buckets in the settings are the template's names, in one account and region."""
    maps = render(K8S / "overlays" / overlay).of("ConfigMap")
    (told,) = (found["data"] for found in maps if "AWS_REGION" in found["data"])
    account = told["SQS_INGEST_QUEUE_URL"].split("/")[3]
    buckets = {told["S3_BUCKET_AUDIO"], told["S3_BUCKET_TRANSCRIPTS"]}

    for stage in PIPELINE:
        url = f"https://sqs.{told['AWS_REGION']}.amazonaws.com/{account}/callstream-{stage.name}"
        assert url == told[f"SQS_{stage.name.upper()}_QUEUE_URL"]
    assert {f"callstream-{name}-{account}" for name in cloudformation.BUCKETS} == buckets


def test_every_service_is_a_stage() -> None:
    """No service runs that the pipeline does not know, and none is missing."""
    assert [stage.service for stage in PIPELINE] == list(APPLICATIONS)
