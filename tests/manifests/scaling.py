"""Whether each stage is scaled by its own queue, by one owner, and never while it is busy."""

from collections.abc import Iterator, Mapping

from common.pipeline import PIPELINE

from manifests.environment import given
from manifests.rendering import Object, Rendered, container, name_of

STAGES = {stage.service: stage for stage in PIPELINE}
# KEDA 2.20's keys of the triggers we use; a CRD takes any.
KEYS: Mapping[str, tuple[set[str], set[str]]] = {
    "aws-sqs-queue": (
        {"awsRegion", "queueLength", "scaleOnInFlight"},
        {"queueURL", "queueURLFromEnv", "awsEndpoint", "activationQueueLength", "scaleOnDelayed"},
    ),
    "prometheus": (
        {"serverAddress", "query", "threshold"},
        {"activationThreshold", "namespace", "ignoreNullValues", "unsafeSsl", "customHeaders", "timeout"},
    ),
}
LONGEST_NAME = 63 - len("keda-hpa-")


def owners(rendered: Rendered) -> Iterator[str]:
    """No number of replicas where an autoscaler owns it, and one autoscaler for each workload."""
    owned = [
        found["spec"]["scaleTargetRef"]["name"]
        for found in rendered.of("ScaledObject", "HorizontalPodAutoscaler")
    ]
    for deployment in rendered.deployments:
        name = deployment["metadata"]["name"]
        if "replicas" in deployment["spec"]:
            yield f"{name_of(deployment)}: says how many replicas there are, which is its autoscaler's to say"
        if owned.count(name) > 1:
            yield f"{name_of(deployment)}: has {owned.count(name)} autoscalers"
        if rendered.of("ScaledObject") and name not in owned:
            yield f"{name_of(deployment)}: has no autoscaler"


def triggers(rendered: Rendered) -> Iterator[str]:
    """Known keys with text for values, each trigger with a name of its own."""
    for found in rendered.of("ScaledObject"):
        names = [trigger["name"] for trigger in found["spec"]["triggers"]]
        if len(set(names)) < len(names):
            yield f"{name_of(found)}: two triggers have one name"
        for trigger in found["spec"]["triggers"]:
            yield from (f"{name_of(found)}: {line}" for line in _keys(trigger))


def _keys(trigger: Object) -> Iterator[str]:
    if trigger["type"] not in KEYS:
        yield f"the trigger {trigger['type']} is not known here"
        return
    needed, more = KEYS[trigger["type"]]
    told = trigger["metadata"]
    yield from (f"{key} is no key of {trigger['type']}" for key in told.keys() - needed - more)
    yield from (f"{key} is missing" for key in needed - told.keys())
    yield from (f"{key} is no text" for key, value in told.items() if not isinstance(value, str))


def queues(rendered: Rendered) -> Iterator[str]:
    """A stage follows its own queue: what one pod works on is one pod's share, in flight included."""
    for found in rendered.of("ScaledObject"):
        targets = [
            d
            for d in rendered.deployments
            if d["metadata"]["name"] == found["spec"]["scaleTargetRef"]["name"]
        ]
        for deployment in targets:
            environment = given(rendered, deployment)
            yield from (f"{name_of(found)}: {line}" for line in _queue(found, deployment, environment))


def _queue(found: Object, deployment: Object, environment: Mapping[str, str]) -> Iterator[str]:
    trigger = next(t for t in found["spec"]["triggers"] if t["type"] == "aws-sqs-queue")
    told, stage = trigger["metadata"], STAGES[deployment["metadata"]["name"]]
    if found["spec"]["scaleTargetRef"].get("envSourceContainerName") != container(deployment)["name"]:
        yield "reads the environment of another container"
    if environment.get(told.get("queueURLFromEnv", "")) is None:
        yield f"{told.get('queueURLFromEnv')} is not in its pods' environment"
    if told.get("queueURLFromEnv") != f"SQS_{stage.name.upper()}_QUEUE_URL":
        yield "follows the queue of another stage"
    if told.get("queueLength") != environment.get("WORKER_CONCURRENCY"):
        yield f"queueLength {told.get('queueLength')} is not its pods' WORKER_CONCURRENCY"
    if told.get("scaleOnInFlight") != "true":
        yield "does not count what is in flight"
    if told.get("awsRegion") != environment.get("AWS_REGION"):
        yield "asks in another region than its pods"


def behaviour(rendered: Rendered) -> Iterator[str]:
    """Bounds in order, ingest never at rest, a careful way down, and a fallback that takes no pod away."""
    for found in rendered.of("ScaledObject"):
        spec = found["spec"]
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        if spec["minReplicaCount"] > spec["maxReplicaCount"]:
            yield f"{name_of(found)}: minReplicaCount is more than maxReplicaCount"
        if found["metadata"]["name"] == "ingest" and spec["minReplicaCount"] == 0:
            yield f"{name_of(found)}: the sweeper may not rest"
        if down["policies"] != [{"type": "Percent", "value": 25, "periodSeconds": 60}]:
            yield f"{name_of(found)}: scales down by something else than a quarter a minute"
        if spec["fallback"].get("behavior") != "currentReplicasIfHigher":
            yield f"{name_of(found)}: its fallback may take pods away"
        if len(found["metadata"]["name"]) > LONGEST_NAME:
            yield f"{name_of(found)}: its name is too long for KEDA's HorizontalPodAutoscaler"
