"""On a real control plane KEDA and our manifests say how many processes there are; no call notices."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from common.pipeline import PIPELINE
from drill import Drill
from kubectl import Cluster, Kubelet, Refused, running_kubelet
from manifests.rendering import K8S, OVERLAYS, render
from waiting import until

pytestmark = pytest.mark.skipif(
    not os.environ.get("KUBECONFIG"),
    reason="KUBECONFIG names no cluster: nothing was applied, and KEDA scaled nothing (make k8s-drill)",
)
NAMESPACE = "callstream-dev"
SOON = 90.0  # seconds in which a cluster and a process follow
CALM = 240.0  # seconds until a stage rests
HURRY = [
    {"op": "replace", "path": "/spec/pollingInterval", "value": 2},
    {
        "op": "replace",
        "path": "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown",
        "value": {
            "stabilizationWindowSeconds": 5,
            "policies": [{"type": "Percent", "value": 25, "periodSeconds": 5}],
        },
    },
]
"""The drill's minutes are seconds; all else is as shipped."""
SHORT_REST = [{"op": "replace", "path": "/spec/cooldownPeriod", "value": 10}]
RESTING = "transcriber|analyzer|embedder"


def with_keda(folder: Path, environment: Mapping[str, str]) -> Path:
    """The development overlay with KEDA, its queues being the drill's."""
    queues = {name: environment[name] for stage in PIPELINE for name in [_variable(stage.name)]}
    page = {
        "namespace": NAMESPACE,
        "resources": [os.path.relpath(K8S / "overlays" / "dev", folder)],
        "components": [os.path.relpath(K8S / "components" / "keda", folder)],
        "configMapGenerator": [
            {
                "name": "callstream",
                "behavior": "merge",
                "literals": [f"{name}={url}" for name, url in queues.items()],
            }
        ],
        "patches": [
            {"target": {"kind": "ScaledObject"}, "patch": yaml.safe_dump(HURRY)},
            {"target": {"kind": "ScaledObject", "name": RESTING}, "patch": yaml.safe_dump(SHORT_REST)},
        ],
    }
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(page), "utf-8")
    return folder


def _variable(queue: str) -> str:
    return f"SQS_{queue.upper()}_QUEUE_URL"


@pytest_asyncio.fixture
async def cluster() -> AsyncIterator[Cluster]:
    cluster = Cluster(NAMESPACE)
    try:
        yield cluster
    finally:
        await cluster.remove()


@pytest_asyncio.fixture
async def kubelet(cluster: Cluster, drill: Drill, tmp_path: Path) -> AsyncIterator[Kubelet]:
    assert not await cluster.apply(with_keda(tmp_path / "dev", drill.environment))
    async with running_kubelet(cluster, drill.fleet) as following:
        yield following


@pytest.mark.parametrize("overlay", OVERLAYS)
async def test_every_overlay_applies_without_a_warning(overlay: str) -> None:
    """The server takes all of it, and has nothing to say."""
    rendered = render(K8S / "overlays" / overlay)
    cluster = Cluster(rendered.namespace)
    try:
        assert not await cluster.apply(K8S / "overlays" / overlay)
    finally:
        await cluster.remove()


async def test_calls_survive_all_that_a_cluster_does(
    drill: Drill, cluster: Cluster, kubelet: Kubelet
) -> None:
    """0 → n → 0 by load, paused, scaled by hand, rolled out, evicted: nothing lost, nothing done twice."""
    await _by_load(drill, kubelet)
    await _paused_and_by_hand(drill, cluster, kubelet)
    await _rolled_out(drill, cluster)
    await _evicted(drill, cluster, kubelet)
    await cluster.tell("annotate", "scaledobject", "transcriber", "autoscaling.keda.sh/paused-")
    await drill.nothing_lost_nothing_twice()


async def _by_load(drill: Drill, kubelet: Kubelet) -> None:
    await drill.hand_in(9)
    await _until(lambda: kubelet.count("transcriber") > 1, "more than one transcriber at work")
    await until(drill.at_rest, CALM, what="every call has ended")
    await _until(
        lambda: not any(kubelet.count(name) for name in ("transcriber", "analyzer", "embedder")),
        "no stage but ingest runs",
        CALM,
    )


async def _paused_and_by_hand(drill: Drill, cluster: Cluster, kubelet: Kubelet) -> None:
    await cluster.tell("annotate", "scaledobject", "transcriber", "autoscaling.keda.sh/paused=true")
    await drill.hand_in(3)
    await _until(lambda: kubelet.count("ingest") == 1, "ingest is there")
    for replicas in (5, 0, 3):
        await cluster.tell("scale", "deployment", "transcriber", f"--replicas={replicas}")
        await _until(partial(_counts, kubelet, replicas), f"{replicas} transcribers")
    assert 3 == await cluster.replicas("transcriber"), "KEDA leaves a paused stage alone"


async def _rolled_out(drill: Drill, cluster: Cluster) -> None:
    before = await cluster.pods()
    await drill.hand_in(3)
    await cluster.tell("rollout", "restart", "deployment", "transcriber")
    await cluster.tell("rollout", "status", "deployment", "transcriber", f"--timeout={SOON:g}s")

    async def replaced() -> bool:
        pods = await cluster.pods()
        return not any(name in pods for name, service in before.items() if service == "transcriber")

    await until(replaced, SOON, what="every transcriber is a new pod")


async def _evicted(drill: Drill, cluster: Cluster, kubelet: Kubelet) -> None:
    await drill.hand_in(3)
    await _until(partial(_counts, kubelet, 3), "three transcribers")
    first, second, *_ = [name for name, service in (await cluster.pods()).items() if service == "transcriber"]
    await cluster.evict(first)
    with pytest.raises(Refused, match="disruption budget"):
        await cluster.evict(second)


def _counts(kubelet: Kubelet, transcribers: int) -> bool:
    return kubelet.count("transcriber") == transcribers


async def _until(look: Callable[[], bool], what: str, seconds: float = SOON) -> None:
    async def seen() -> bool:
        return look()

    await until(seen, seconds, what=what)
