"""What runs the stages: scalers, replicas, processes."""

from dashboards.board import Row
from dashboards.panels import Graph, Rows
from dashboards.queries import Query, scoped

SERVICES = "(.*-)?(ingest|transcriber|analyzer|embedder)"


SCALER = f'{{scaledObject=~"{SERVICES}"}}'


SCALING = Row(
    "Scaling (KEDA, kube-state-metrics)",
    (
        Graph(
            "What KEDA sees",
            "Messages it counts for each scaled object.",
            (Query(f"max by (scaledObject) (keda_scaler_metrics_value{SCALER})", "{{scaledObject}}"),),
        ),
        Graph(
            "Replicas and their ceiling",
            "Pods asked for, and the most KEDA may ask for.",
            (
                Query(scoped("stage:replicas:max"), "{{stage}}"),
                Query(scoped("stage:replica_ceiling:max"), "{{stage}} ceiling"),
            ),
            runbook="CallstreamScalingCeiling",
        ),
        Graph(
            "Errors, latency, pauses of scalers",
            "KEDA cannot read a queue, reads it slowly, or was told to leave a stage alone.",
            (
                Query(
                    f"sum by (scaledObject) (rate(keda_scaler_detail_errors_total{SCALER}[5m]))",
                    "{{scaledObject}} errors/s",
                ),
                Query(
                    f"max by (scaledObject) (keda_scaler_metrics_latency_seconds{SCALER})",
                    "{{scaledObject}} latency",
                ),
                Query(
                    f"max by (scaledObject) (keda_scaled_object_paused{SCALER})", "{{scaledObject}} paused"
                ),
            ),
            runbook="CallstreamScalerErrors",
        ),
    ),
)


PROCESSES = Row(
    "Processes",
    (
        Graph(
            "Memory",
            "Resident memory of each process.",
            (Query(scoped("process_resident_memory_bytes"), "{{instance}}"),),
            unit="bytes",
        ),
        Graph(
            "Processor time",
            "Cores in use by each process.",
            (Query(f"rate({scoped('process_cpu_seconds_total')}[$__rate_interval])", "{{instance}}"),),
        ),
        Rows("What runs", "Service and version of each process.", (Query(scoped("build_info")),), span=8),
    ),
)
