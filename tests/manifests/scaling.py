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
QUARTER = {"type": "Percent", "value": 25, "periodSeconds": 60}
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


def rests(rendered: Rendered) -> Iterator[str]:
    """A cooldown where a stage may rest, and nowhere else: KEDA warns of one that is never looked at."""
    for found in rendered.of("ScaledObject"):
        rests, cools = found["spec"].get("minReplicaCount", 0) == 0, "cooldownPeriod" in found["spec"]
        if rests != cools:
            yield f"{name_of(found)}: rests: {rests}, and yet has a cooldownPeriod: {cools}"


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
    told = next(t for t in found["spec"]["triggers"] if t["type"] == "aws-sqs-queue")["metadata"]
    url = told.get("queueURLFromEnv", "")
    rules = {
        "reads the environment of another container": _source(found) == container(deployment)["name"],
        f"{url} is not in its pods' environment": url in environment,
        "follows the queue of another stage": url == _variable(deployment),
        f"queueLength {told.get('queueLength')} is not its pods' WORKER_CONCURRENCY": (
            told.get("queueLength") == environment.get("WORKER_CONCURRENCY")
        ),
        "does not count what is in flight": told.get("scaleOnInFlight") == "true",
        "asks in another region than its pods": told.get("awsRegion") == environment.get("AWS_REGION"),
    }
    yield from (line for line, kept in rules.items() if not kept)


def _source(found: Object) -> str | None:
    name: str | None = found["spec"]["scaleTargetRef"].get("envSourceContainerName")
    return name


def _variable(deployment: Object) -> str:
    return f"SQS_{STAGES[deployment['metadata']['name']].name.upper()}_QUEUE_URL"


def behaviour(rendered: Rendered) -> Iterator[str]:
    """Bounds in order, ingest never at rest, a careful way down, and a fallback that takes no pod away."""
    for found in rendered.of("ScaledObject"):
        yield from (
            f"{name_of(found)}: {line}" for line in _behaviour(found["metadata"]["name"], found["spec"])
        )


def _behaviour(name: str, spec: Object) -> Iterator[str]:
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    rules = {
        "minReplicaCount is more than maxReplicaCount": spec["minReplicaCount"] <= spec["maxReplicaCount"],
        "the sweeper may not rest": name != "ingest" or spec["minReplicaCount"] > 0,
        "scales down by something else than a quarter a minute": down["policies"] == [QUARTER],
        "its fallback may take pods away": spec["fallback"].get("behavior") == "currentReplicasIfHigher",
        "its name is too long for KEDA's HorizontalPodAutoscaler": len(name) <= LONGEST_NAME,
    }
    yield from (line for line, kept in rules.items() if not kept)
