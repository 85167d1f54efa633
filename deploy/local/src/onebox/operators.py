"""The alerts and dashboards of deploy/observability, as Kubernetes operators take them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

Json = dict[str, Any]

HEAD: Final = "# Generated from {source} by `make contracts`; change them there.\n"
RULES: Final = Path("deploy/observability/prometheus/rules")
DASHBOARDS: Final = Path("deploy/observability/grafana/dashboards")


def generated(root: Path) -> dict[Path, str]:
    """Each file made from what lies below *root*, and what it must hold."""
    rules = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((root / RULES).glob("*.yaml"))]
    names = [path.name for path in sorted((root / DASHBOARDS).glob("*.json"))]
    return {
        root / "deploy/k8s/components/monitoring/rules.yaml": _page(RULES, prometheus_rule(rules)),
        root / DASHBOARDS.parent / "kustomization.yaml": _page(DASHBOARDS, config_maps(names)),
    }


def prometheus_rule(files: Iterable[Json]) -> Json:
    """One object with the groups of all rule files."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "callstream"},
        "spec": {"groups": [group for file in files for group in file["groups"]]},
    }


def config_maps(names: Iterable[str]) -> Json:
    """A kustomization with one ConfigMap for each dashboard: together they outgrow a single one."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "generatorOptions": {
            "disableNameSuffixHash": True,
            "labels": {"grafana_dashboard": "1"},
            "annotations": {"grafana_folder": "Callstream"},
        },
        "configMapGenerator": [
            {"name": f"dashboard-{Path(name).stem}", "files": [f"dashboards/{name}"]} for name in names
        ],
    }


def _page(source: Path, document: Json) -> str:
    return HEAD.format(source=source.as_posix()) + yaml.safe_dump(document, sort_keys=False, width=110)
