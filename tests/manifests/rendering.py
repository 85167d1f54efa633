"""Manifests as ``kubectl kustomize`` renders them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
import yamls
from onebox.contracts import ROOT

Object = Mapping[str, Any]

K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("dev", "staging", "prod")
COMPONENTS = ("keda", "keda-queue-wait", "monitoring", "external-secrets", "network-policies")
KUBECTL = shutil.which("kubectl")


@dataclass(frozen=True)
class Rendered:
    """What one kustomization comes to."""

    objects: Sequence[Object]

    def of(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [found for found in self.objects if found["kind"] in kinds]

    def names(self, *kinds: str) -> set[str]:
        """Their names."""
        return {found["metadata"]["name"] for found in self.of(*kinds)}

    def one(self, kind: str, name: str) -> Object:
        """The object of that kind and name."""
        (found,) = (found for found in self.of(kind) if found["metadata"]["name"] == name)
        return found

    @property
    def namespace(self) -> str:
        """Where all of it goes."""
        (found,) = self.of("Namespace")
        return str(found["metadata"]["name"])

    @property
    def deployments(self) -> list[Object]:
        """The workloads."""
        return self.of("Deployment")


def pod(deployment: Object) -> Object:
    """The spec of its pods."""
    spec: Object = deployment["spec"]["template"]["spec"]
    return spec


def container(deployment: Object) -> Object:
    """Its one container."""
    (found,) = pod(deployment)["containers"]
    return found  # type: ignore[no-any-return]


def name_of(found: Object) -> str:
    """How an error line calls an object."""
    return f"{found['kind']}/{found['metadata']['name']}"


def render(folder: Path) -> Rendered:
    """Render a kustomization; raises CalledProcessError where it has a fault."""
    assert KUBECTL
    command = [KUBECTL, "kustomize", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own files
    return Rendered(tuple(yamls.load_all(answer.stdout)))


def composed(folder: Path, base: Path, components: Sequence[str], namespace: str = "callstream") -> Rendered:
    """Render *base* with *components*, by a kustomization written into *folder*."""
    page = {
        "namespace": namespace,
        "resources": [os.path.relpath(base, folder)],
        "components": [os.path.relpath(K8S / "components" / name, folder) for name in components],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(page), "utf-8")
    return render(folder)


def choices() -> Iterator[tuple[str, ...]]:
    """Every combination of components; the queue's wait adds to keda's and needs it."""
    for number in range(2 ** len(COMPONENTS)):
        chosen = tuple(name for bit, name in enumerate(COMPONENTS) if number >> bit & 1)
        if "keda-queue-wait" not in chosen or "keda" in chosen:
            yield chosen
