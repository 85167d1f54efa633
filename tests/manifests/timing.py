"""Whether a pod has the time that its stage needs: to start, to answer, to stop."""

from collections.abc import Iterator, Mapping

from analyzer.settings import Settings as AnalyzerSettings
from common.app import PING_TIMEOUT
from common.pipeline import CLOSING, DOOR, PIPELINE, VISIBILITY_TIMEOUT
from embedder.settings import Settings as EmbedderSettings
from faststream_sqs.engine.custody import SETTLE_TIME
from ingest.sniff import PATIENCE
from manifests.environment import given
from manifests.rendering import Object, Rendered, container, name_of, pod
from transcriber.settings import Settings as TranscriberSettings
from transcriber.transcriptions import _TIMEOUT_PER_SECOND

STAGES = {stage.service: stage for stage in PIPELINE}
LONGEST_CALL: Mapping[str, float] = {
    "ingest": sum(PATIENCE),
    "transcriber": TranscriberSettings.model_fields["cut_max_seconds"].default * _TIMEOUT_PER_SECOND,
    "analyzer": AnalyzerSettings.model_fields["analysis_timeout_seconds"].default,
    "embedder": EmbedderSettings.model_fields["embedding_timeout_seconds"].default,
}
"""Seconds that one call to a provider may last, by the settings' defaults."""
PATHS = {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
CHOICES = {
    "CUT_MAX_SECONDS",
    "DIARIZATION_MODEL",
    "ANALYSIS_TIMEOUT_SECONDS",
    "EMBEDDING_TIMEOUT_SECONDS",
}


def stops(rendered: Rendered) -> Iterator[str]:
    """Grace and drain are the stage's, and the longest single call fits into the drain."""
    for deployment in rendered.deployments:
        name, grace = deployment["metadata"]["name"], pod(deployment)["terminationGracePeriodSeconds"]
        environment = given(rendered, deployment)
        if name not in STAGES:
            yield from _door(deployment, grace, environment)
            continue
        stage, drain = STAGES[name], int(environment.get("DRAIN_SECONDS", 0))
        if (grace, drain) != (stage.grace, stage.drain):
            yield f"{name_of(deployment)}: grace {grace} s and DRAIN_SECONDS {drain} are not its stage's"
        if drain - SETTLE_TIME < LONGEST_CALL[name] or drain + CLOSING > grace:
            yield f"{name_of(deployment)}: a call of {LONGEST_CALL[name]} s does not fit into its grace"
        yield from (
            f"{name_of(deployment)}: {n} changes what its grace rests on"
            for n in environment.keys() & CHOICES
        )


def _door(deployment: Object, grace: int, environment: Mapping[str, str]) -> Iterator[str]:
    forgotten = container(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"]
    uploads, drain = (
        int(environment.get(name, 0)) for name in ("UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", "DRAIN_SECONDS")
    )
    found = {"grace": grace, "preStop": forgotten, "uploads": uploads, "DRAIN_SECONDS": drain}
    wanted = dict(zip(found, (DOOR.grace, DOOR.forgotten, DOOR.uploads, DOOR.drain), strict=True))
    yield from (
        f"{name_of(deployment)}: {name} {found[name]} s is not the door's {seconds} s"
        for name, seconds in wanted.items()
        if found[name] != seconds
    )


def probes(rendered: Rendered) -> Iterator[str]:
    """Start, live and ready are asked where they are answered, and waited for long enough."""
    for deployment in rendered.deployments:
        yield from (f"{name_of(deployment)}: {line}" for line in _probes(container(deployment)))


def _probes(one: Object) -> Iterator[str]:
    for probe, path in PATHS.items():
        if one[probe]["httpGet"]["path"] != path:
            yield f"{probe} does not ask {path}"
        if probe != "startupProbe" and one[probe].get("timeoutSeconds", 1) <= PING_TIMEOUT:
            yield f"{probe} gives up before the service does"
    if one["livenessProbe"]["periodSeconds"] * one["livenessProbe"]["failureThreshold"] < VISIBILITY_TIMEOUT:
        yield "livenessProbe restarts a pod within one visibility timeout"
