"""deploy/k8s as kubectl renders it: every overlay, and the base with every combination of components."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from manifests import schemas
from manifests.checks import CHECKS, OF_PARTS, faults
from manifests.environment import given
from manifests.quantities import SHARED
from manifests.rendering import COMPONENTS, K8S, KUBECTL, OVERLAYS, Rendered, choices, composed, render

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: no manifest was checked")

every_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


@pytest.fixture(scope="module")
def overlays() -> Mapping[str, Rendered]:
    """Each overlay, rendered."""
    return {name: render(K8S / "overlays" / name) for name in OVERLAYS}


@every_overlay
@pytest.mark.parametrize("check", CHECKS)
def test_an_overlay_has_no_fault(check: str, overlay: str, overlays: Mapping[str, Rendered]) -> None:
    """What is applied keeps every rule."""
    assert [] == list(CHECKS[check](overlays[overlay]))


@pytest.mark.parametrize("chosen", [*choices()], ids=lambda chosen: "+".join(chosen) or "bare")
def test_any_components_fit_together(chosen: tuple[str, ...], tmp_path: Path) -> None:
    """A cluster without some operator leaves its component out, and the rest still keeps the rules."""
    assert [] == faults(composed(tmp_path, K8S / "base", chosen), sorted(OF_PARTS))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_adds_to_dev(component: str, tmp_path: Path) -> None:
    """The stand-in overlay takes each component as well, as a drill on a real control plane does."""
    chosen = ["keda", component] if component == "keda-queue-wait" else [component]

    made = composed(tmp_path, K8S / "overlays" / "dev", chosen, "callstream-dev")

    assert [] == faults(made)


@pytest.mark.skipif(
    not schemas.WHOLE.is_dir(), reason="the operators' own schemas are not here: ours were used"
)
@every_overlay
def test_the_operators_own_schemas_agree(overlay: str, overlays: Mapping[str, Rendered]) -> None:
    """What our small schemas allow, the operators' allow, too."""
    assert [] == schemas.against_whole(overlays[overlay])


def test_a_bare_cluster_needs_no_operator() -> None:
    """The base has core kinds only."""
    assert set() == {found["apiVersion"] for found in render(K8S / "base").objects} & schemas.GROUPS


@every_overlay
def test_no_secret_lies_in_the_repository(overlay: str, overlays: Mapping[str, Rendered]) -> None:
    """Only dev has plain Secrets, and what they hold opens nothing."""
    values = {
        base64.b64decode(value).decode()
        for secret in overlays[overlay].of("Secret")
        for value in secret["data"].values()
    }
    harmless = {"test", "none", "mongodb://mongodb:27017/", "redis:6379", "http://opensearch:9200"}

    assert (harmless if overlay == "dev" else set()) == values


def test_dashboards_are_config_maps(overlays: Mapping[str, Rendered]) -> None:
    """Each dashboard of deploy/observability is there, under the label that Grafana's sidecar looks for."""
    folder = K8S.parent / "observability" / "grafana" / "dashboards"
    maps = [
        found
        for found in overlays["prod"].of("ConfigMap")
        if found["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
    ]
    shown = {name: json.loads(text) for found in maps for name, text in found["data"].items()}

    assert {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")} == shown


def test_the_capacity_table_says_what_is_counted(overlays: Mapping[str, Rendered]) -> None:
    """Concurrency and connections of the README's rows are those of the manifests."""
    page = (K8S / "README.md").read_text("utf-8").split("<!-- capacity -->")[1].split("<!-- /capacity -->")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.strip().splitlines()[2:]]
    told = {row[0].strip("`"): (row[1], *(row[n].split("(")[-1][:-1] for n in (5, 6, 8))) for row in rows}

    assert {
        found["metadata"]["name"]: (
            given(overlays["prod"], found).get("WORKER_CONCURRENCY", "–"),
            *(found["metadata"]["annotations"][f"callstream/{kind}"] for kind in SHARED),
        )
        for found in overlays["prod"].deployments
    } == told
