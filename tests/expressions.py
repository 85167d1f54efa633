"""Every expression of dashboards and rules: where it stands, which series it reads, whose they are."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import yamls
from common.metrics import metrics_on
from faststream_sqs.prometheus import SQSEngineMetrics
from prometheus_client import CollectorRegistry, ProcessCollector

OBSERVABILITY = Path(__file__).parents[1] / "deploy" / "observability"
RULES = OBSERVABILITY / "prometheus" / "rules"
DASHBOARDS = OBSERVABILITY / "grafana" / "dashboards"

FOREIGN = {
    "up": "Prometheus",
    "ALERTS": "Prometheus",
    "keda_scaler_active": "KEDA",
    "keda_scaler_metrics_value": "KEDA",
    "keda_scaler_metrics_latency_seconds": "KEDA",
    "keda_scaler_detail_errors_total": "KEDA",
    "keda_scaled_object_paused": "KEDA",
    "kube_deployment_spec_replicas": "kube-state-metrics",
    "kube_horizontalpodautoscaler_spec_max_replicas": "kube-state-metrics",
    "aws_sqs_approximate_age_of_oldest_message_maximum": "CloudWatch, through YACE",
}
GIVEN_BY_SCRAPING = {"__name__", "namespace", "instance", "job", "pod", "service", "le"}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@dataclass(frozen=True, slots=True)
class Asked:
    """One expression and where it stands."""

    where: str
    expr: str


def plain(expr: str) -> str:
    """The expression as Prometheus is asked: Grafana's variables have values."""
    values = {"$__rate_interval": "1m", "$__auto": "1m", "$__range": "1h", "$namespace": ".+", "$stage": ".+"}
    for variable, value in values.items():
        expr = expr.replace(variable, value)
    return expr


def panels(kind: str) -> Iterator[tuple[str, Asked]]:
    """Each target of panels that read this kind of data source, with its dashboard's name."""
    for path in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            if panel.get("datasource", {}).get("type") == kind:
                for target in panel["targets"]:
                    yield path.stem, Asked(f"{path.stem}: {panel['title']}", target["expr"])


def rules() -> Iterator[dict[str, Any]]:
    """Each recording rule and alert."""
    for path in sorted(RULES.glob("*.yaml")):
        for group in yamls.read(path)["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    """The alerts alone."""
    return [rule for rule in rules() if "alert" in rule]


def selectors(expr: str) -> list[Any]:
    """The vector selectors of an expression.

    Raises:
        ValueError: it is not PromQL.
    """
    found: list[Any] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)

    promql_parser.walk(promql_parser.parse(plain(expr)), visit)
    return found


def grouped_by(expr: str) -> set[str]:
    """The labels an expression groups, joins or replaces by."""
    clauses = re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expr)
    return {label.strip() for clause in clauses for label in clause.split(",") if label.strip()}


@cache
def registered() -> dict[str, set[str]]:
    """Each series the code registers, by name, with the labels it has."""
    registry = CollectorRegistry()
    metrics_on(registry)
    SQSEngineMetrics(registry=registry)
    ProcessCollector(registry=registry)
    found = {f"process_{name}": set[str]() for name in ("resident_memory_bytes", "cpu_seconds_total")}
    for collector in registry._collector_to_names:
        for metric in collector.describe() if hasattr(collector, "describe") else ():
            for suffix in SUFFIXES.get(metric.type, ()):
                found[metric.name + suffix] = set(getattr(collector, "_labelnames", ()))
    return found


@cache
def recorded() -> set[str]:
    """The names of recording rules."""
    return {rule["record"] for rule in rules() if "record" in rule}
