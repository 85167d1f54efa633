"""Whether objects mean objects that exist: selectors, ports, settings, accounts, targets."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from manifests.rendering import Object, Rendered, container, name_of, pod

PLACEHOLDERS = ("TODO", "CHANGEME", "REPLACE", "${", "<your")


def whole(rendered: Rendered) -> Iterator[str]:
    """No object twice, or in another namespace."""
    names = [name_of(found) for found in rendered.objects]
    yield from (f"{name}: is there twice" for name, number in Counter(names).items() if number > 1)
    for found in rendered.objects:
        if found["kind"] != "Namespace" and found["metadata"].get("namespace") != rendered.namespace:
            yield f"{name_of(found)}: is not in {rendered.namespace}"


def closed(rendered: Rendered) -> Iterator[str]:
    """No image floats, and no value is left open."""
    for deployment in rendered.deployments:
        image = container(deployment)["image"].rpartition("/")[2]
        if ":" not in image or image.endswith(":latest"):
            yield f"{name_of(deployment)}: the image {image} has no fixed tag"
    for found in rendered.of("ConfigMap", "Secret", "ExternalSecret", "ScaledObject", "Deployment"):
        if "dashboard" not in found["metadata"]["name"] and any(word in str(found) for word in PLACEHOLDERS):
            yield f"{name_of(found)}: holds a placeholder"


def selectors(rendered: Rendered) -> Iterator[str]:
    """Whatever selects pods selects some, and a Deployment its own."""
    pods = [deployment["spec"]["template"]["metadata"]["labels"] for deployment in rendered.deployments]
    for name, selector in _selectors(rendered):
        if not any(selects(selector, labels) for labels in pods):
            yield f"{name}: selects no pod"
    for deployment, labels in zip(rendered.deployments, pods, strict=True):
        if not selects(deployment["spec"]["selector"], labels):
            yield f"{name_of(deployment)}: does not select its own pods"
        if not any(
            selects(found["spec"]["selector"], labels) for found in rendered.of("PodDisruptionBudget")
        ):
            yield f"{name_of(deployment)}: has no PodDisruptionBudget"


def _selectors(rendered: Rendered) -> Iterator[tuple[str, Object]]:
    for found in rendered.of("PodDisruptionBudget", "PodMonitor"):
        yield name_of(found), found["spec"]["selector"]
    for found in rendered.of("Service"):
        yield name_of(found), {"matchLabels": found["spec"]["selector"]}
    for found in rendered.of("NetworkPolicy"):
        yield name_of(found), found["spec"]["podSelector"]
    for found in rendered.deployments:
        for constraint in pod(found)["topologySpreadConstraints"]:
            yield name_of(found), constraint["labelSelector"]


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector means a pod with these labels."""
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(
        labels.get(wanted["key"]) in wanted["values"]
        for wanted in selector.get("matchExpressions", [])
        if wanted["operator"] == "In"
    )


def ports(rendered: Rendered) -> Iterator[str]:
    """A port that is meant by its name is declared by that name."""
    declared = {
        deployment["metadata"]["name"]: {port["name"] for port in container(deployment)["ports"]}
        for deployment in rendered.deployments
    }
    known = set().union(*declared.values())
    for deployment in rendered.deployments:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            port = container(deployment)[probe]["httpGet"]["port"]
            if port not in declared[deployment["metadata"]["name"]]:
                yield f"{name_of(deployment)}: {probe} asks port {port}, which is not declared"
    for name, port in _meant(rendered):
        if isinstance(port, str) and port not in known:
            yield f"{name}: means port {port}, which no container declares"


def _meant(rendered: Rendered) -> Iterator[tuple[str, Any]]:
    for found in rendered.of("Service"):
        yield from ((name_of(found), port["targetPort"]) for port in found["spec"]["ports"])
    for found in rendered.of("PodMonitor"):
        yield from ((name_of(found), end["port"]) for end in found["spec"]["podMetricsEndpoints"])
    for found in rendered.of("NetworkPolicy"):
        for rule in found["spec"].get("ingress", []):
            yield from ((name_of(found), port["port"]) for port in rule.get("ports", []))


def settings(rendered: Rendered) -> Iterator[str]:
    """Every ConfigMap, Secret, account and store that is named is there."""
    for deployment in rendered.deployments:
        for source in container(deployment)["envFrom"]:
            yield from _missing(rendered, name_of(deployment), source)
        yield from _absent(
            rendered, name_of(deployment), ("ServiceAccount",), pod(deployment)["serviceAccountName"]
        )
    for found in rendered.of("ExternalSecret"):
        yield from _absent(
            rendered, name_of(found), ("SecretStore",), found["spec"]["secretStoreRef"]["name"]
        )


def _missing(rendered: Rendered, name: str, source: Object) -> Iterator[str]:
    match source:
        case {"configMapRef": {"name": wanted}}:
            yield from _absent(rendered, name, ("ConfigMap",), wanted)
        case {"secretRef": {"name": wanted}}:
            made = {found["spec"]["target"]["name"] for found in rendered.of("ExternalSecret")}
            if wanted not in made | rendered.names("Secret"):
                yield f"{name}: there is no Secret/{wanted}"


def targets(rendered: Rendered) -> Iterator[str]:
    """What is scaled and what proves who scales it is there."""
    for found in rendered.of("ScaledObject", "HorizontalPodAutoscaler"):
        yield from _absent(rendered, name_of(found), ("Deployment",), found["spec"]["scaleTargetRef"]["name"])
    for found in rendered.of("ScaledObject"):
        for trigger in found["spec"]["triggers"]:
            if "authenticationRef" in trigger:
                yield from _absent(
                    rendered, name_of(found), ("TriggerAuthentication",), trigger["authenticationRef"]["name"]
                )


def _absent(rendered: Rendered, name: str, kinds: Sequence[str], wanted: str) -> Iterator[str]:
    if wanted not in rendered.names(*kinds):
        yield f"{name}: there is no {kinds[0]}/{wanted}"
