"""A Kubernetes cluster as ``kubectl`` shows it, and a kubelet for pods that are only objects there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fleet import FACTORIES, Fleet, Pod

LOOK = 0.5  # seconds between two looks at the cluster


class Refused(Exception):
    """``kubectl`` failed; the text is its own."""


class Cluster:
    """One namespace of the cluster that ``KUBECONFIG`` names."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    async def tell(self, *arguments: str, given: str | None = None) -> tuple[str, str]:
        """Run ``kubectl`` in the namespace; answer with what it printed and what it warned of."""
        child = await asyncio.create_subprocess_exec(
            *("kubectl", "--namespace", self._namespace, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate(None if given is None else given.encode())
        if child.returncode:
            raise Refused(err.decode().strip())
        return out.decode(), err.decode().strip()

    async def apply(self, folder: Path) -> str:
        """Apply a kustomization; answer with the server's warnings."""
        _, warnings = await self.tell("apply", "--server-side", "-k", str(folder))
        return warnings

    async def remove(self) -> None:
        """Delete the namespace with all that is in it; no kubelet is waited for."""
        await self.tell("delete", "scaledobjects,deployments,replicasets", "--all")
        await self.tell("delete", "pods", "--all", "--force", "--grace-period=0")
        await self.tell("delete", "namespace", self._namespace, "--ignore-not-found", "--timeout=120s")

    async def pods(self) -> dict[str, str]:
        """The pods that run and are to stay, with their service."""
        out, _ = await self.tell("get", "pods", "-o", "json")
        return {
            pod["metadata"]["name"]: pod["metadata"]["labels"]["app.kubernetes.io/name"]
            for pod in json.loads(out)["items"]
            if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
        }

    async def replicas(self, service: str) -> int:
        """How many pods a Deployment asks for."""
        out, _ = await self.tell("get", "deployment", service, "-o", "jsonpath={.spec.replicas}")
        return int(out or 0)

    async def evict(self, pod: str) -> None:
        """As a draining node does; raises `Refused` where the disruption budget is spent."""
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod}/eviction"
        await self.tell("create", "--raw", path, "-f", "-", given=json.dumps(eviction))


class Kubelet:
    """Keeps one real process for each pod: SIGTERM when the pod goes, SIGKILL after its grace."""

    def __init__(self, cluster: Cluster, fleet: Fleet) -> None:
        self._cluster, self._fleet = cluster, fleet
        self._running: dict[str, asyncio.Task[Pod]] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    def count(self, service: str) -> int:
        """How many processes of a service are up."""
        done = (task.result() for task in self._running.values() if task.done())
        return sum(pod.service == service for pod in done)

    async def run(self) -> None:
        """Follow the cluster for ever."""
        while True:
            self._reconcile(await self._cluster.pods())
            await asyncio.sleep(LOOK)

    async def close(self) -> None:
        """Stop them all."""
        self._reconcile({})
        await asyncio.gather(*self._stopping)

    def _reconcile(self, wanted: Mapping[str, str]) -> None:
        for name, service in wanted.items():
            if name not in self._running and service in FACTORIES:
                self._running[name] = asyncio.create_task(self._fleet.start(service))
        for name in self._running.keys() - wanted.keys():
            self._stopping.add(asyncio.create_task(self._retire(self._running.pop(name))))

    async def _retire(self, starting: asyncio.Task[Pod]) -> None:
        await self._fleet.retire(await starting)


@asynccontextmanager
async def running_kubelet(cluster: Cluster, fleet: Fleet) -> AsyncIterator[Kubelet]:
    """Follow the cluster until the end, then stop every process."""
    kubelet = Kubelet(cluster, fleet)
    following = asyncio.create_task(kubelet.run())
    try:
        yield kubelet
    finally:
        following.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await following
        finally:
            await kubelet.close()
