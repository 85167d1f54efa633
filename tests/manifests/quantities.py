"""Whether amounts are amounts, and whether what all pods may take together is there."""

import re
from collections.abc import Iterator

from manifests.rendering import Object, Rendered, container, name_of

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
SHARED = ("mongodb-connections", "redis-connections", "provider-requests")


def number(quantity: str) -> float | None:
    """A Kubernetes quantity as a number; None where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m|k|M|G|Ki|Mi|Gi)?", str(quantity))
    if match is None:
        return None
    return float(match[1]) / 1000 if match[2] == "m" else float(match[1]) * UNITS[match[2] or ""]


def resources(rendered: Rendered) -> Iterator[str]:
    """CPU and memory are asked for, memory is limited to at most twice that, and CPU to nothing."""
    for deployment in rendered.deployments:
        asked, limits = (container(deployment)["resources"].get(key, {}) for key in ("requests", "limits"))
        amounts = {**asked, **{f"limit {key}": value for key, value in limits.items()}}
        bad = [f"{key} {value}" for key, value in amounts.items() if number(value) is None]
        yield from (f"{name_of(deployment)}: {line} is no quantity" for line in bad)
        if asked.keys() != {"cpu", "memory"} or limits.keys() != {"memory"}:
            yield f"{name_of(deployment)}: asks for CPU and memory, and limits memory alone"
        elif not bad:
            yield from _memory(deployment, number(asked["memory"]) or 0, number(limits["memory"]) or 0)


def _memory(deployment: Object, asked: float, limit: float) -> Iterator[str]:
    if not asked * 1.5 <= limit <= asked * 2:
        yield f"{name_of(deployment)}: the memory limit is not one and a half to two times the request"


def budgets(rendered: Rendered) -> Iterator[str]:
    """At their most, all pods together fit what the namespace's annotations allow of shared things."""
    (namespace,) = rendered.of("Namespace")
    allowed = namespace["metadata"].get("annotations", {})
    for kind in SHARED:
        key = f"callstream/{kind}"
        taken = sum(_most(rendered, d) * int(d["metadata"]["annotations"][key]) for d in rendered.deployments)
        if taken > int(allowed.get(key, 0)):
            yield f"{name_of(namespace)}: {taken} {kind} at most, and {allowed.get(key, 0)} are allowed"


def _most(rendered: Rendered, deployment: Object) -> int:
    """Its pods at the most, with a quarter more in a rollout."""
    for found in rendered.of("ScaledObject", "HorizontalPodAutoscaler"):
        if found["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]:
            spec = found["spec"]
            most = int(spec.get("maxReplicaCount") or spec["maxReplicas"])
            return most + -(-most // 4)
    return 2
