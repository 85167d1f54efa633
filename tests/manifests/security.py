"""Whether pods keep to the restricted standard, and the API is not open to everybody by accident."""

from collections.abc import Iterator

from manifests.environment import given
from manifests.rendering import Object, Rendered, container, name_of, pod

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
HOST = ("hostNetwork", "hostPID", "hostIPC")


def restricted(rendered: Rendered) -> Iterator[str]:
    """The restricted pod security standard, enforced by the namespace and kept by every pod."""
    (namespace,) = rendered.of("Namespace")
    if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
        yield f"{name_of(namespace)}: does not enforce the restricted standard"
    for deployment in rendered.deployments:
        yield from (f"{name_of(deployment)}: {line}" for line in _faults(deployment))


def _faults(deployment: Object) -> Iterator[str]:
    spec, one = pod(deployment), container(deployment)
    yield from (f"uses {name}" for name in HOST if spec.get(name))
    yield from (
        f"pod: {key} is not {value}"
        for key, value in POD.items()
        if spec["securityContext"].get(key) != value
    )
    yield from (
        f"container: {key} is not {value}"
        for key, value in CONTAINER.items()
        if one["securityContext"].get(key) != value
    )
    if spec.get("automountServiceAccountToken") is not False:
        yield "is given a token of the API server"
    for volume in spec["volumes"]:
        if not volume.keys() - {"name"} <= VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not allowed"


def scratch(rendered: Rendered) -> Iterator[str]:
    """A bounded /tmp to write to."""
    for deployment in rendered.deployments:
        mounts = container(deployment)["volumeMounts"]
        mounted = {mount["name"] for mount in mounts if mount["mountPath"] == "/tmp"}  # noqa: S108 - the pod's own
        limits = [v["emptyDir"].get("sizeLimit") for v in pod(deployment)["volumes"] if v["name"] in mounted]
        if not limits or None in limits:
            yield f"{name_of(deployment)}: has no bounded /tmp"


def door(rendered: Rendered) -> Iterator[str]:
    """AUTH is decided; an API that asks nobody who they are is closed to other namespaces, but in dev."""
    for deployment in rendered.deployments:
        if deployment["metadata"]["name"] != "ingest-api":
            continue
        environment = given(rendered, deployment)
        if "AUTH" not in environment:
            yield f"{name_of(deployment)}: AUTH is not decided"
        closed = {"default-deny", "api-clients"} <= rendered.names("NetworkPolicy")
        if environment.get("AUTH") == "none" and not closed and not rendered.namespace.endswith("-dev"):
            yield f"{name_of(deployment)}: AUTH=none without the network policies lets everybody in"
