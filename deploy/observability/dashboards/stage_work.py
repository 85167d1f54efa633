"""What one stage does: how much, how long, what goes wrong, what it says."""

from dashboards.board import Row
from dashboards.panels import Graph, Lines, Number
from dashboards.queries import Query, grown, or_zero, per_second, quantile, quantiles, scoped, total

OF = 'stage="$stage"'


def _ended(outcome: str) -> str:
    return grown("pipeline_outcomes_total", OF, f'outcome="{outcome}"', window="1h")


NOW = Row(
    "Now",
    (
        Number(
            "Waiting",
            "Visible messages.",
            Query(scoped("stage:queue_messages:max", OF, 'state="visible"')),
        ),
        Number("In work", "Messages in handlers.", Query(total("pipeline_inflight_messages", OF))),
        Number(
            "Slots",
            "Messages the pods may take at once.",
            Query(total("pipeline_concurrency_limit", OF)),
        ),
        Number("Completed, 1 h", "Messages done.", Query(_ended("completed"))),
        Number("Failed, 1 h", "Messages given up.", Query(or_zero(_ended("failed"))), bad_above=1),
        Number(
            "Dead letters",
            "In its dead-letter queue.",
            Query(scoped("stage:dead_letters:max", OF)),
            bad_above=1,
        ),
    ),
)

WORK = Row(
    "Work",
    (
        Graph(
            "Outcomes",
            "Messages per second by what became of them.",
            (Query(per_second("pipeline_outcomes_total", OF, by="outcome"), "{{outcome}}"),),
            unit="ops",
            stacked=True,
        ),
        Graph(
            "Time for one message",
            "All outcomes; a point leads to its trace.",
            (*quantiles("messaging_process_duration_seconds", OF),),
            unit="s",
        ),
        Graph(
            "Why messages come back or fail",
            "Retries, failures, postponements by reason.",
            (
                Query(
                    per_second(
                        "pipeline_outcomes_total",
                        OF,
                        'outcome!="completed"',
                        by="outcome, reason",
                    ),
                    "{{outcome}} {{reason}}",
                ),
            ),
            unit="ops",
            stacked=True,
            runbook="CallstreamErrorsBurningFast",
        ),
        Graph(
            "Time by outcome, p95",
            "A failure that takes long costs a slot.",
            (
                Query(
                    quantile(0.95, "messaging_process_duration_seconds", OF, by="outcome"),
                    "{{outcome}}",
                ),
            ),
            unit="s",
        ),
        Graph(
            "From first seen until this stage is done",
            "The part of the promise that is spent here and before.",
            (*quantiles("pipeline_end_to_end_seconds", OF),),
            unit="s",
        ),
        Graph(
            "Slots",
            "Busy against available.",
            (
                Query(total("pipeline_inflight_messages", OF), "busy"),
                Query(total("pipeline_concurrency_limit", OF), "available"),
            ),
            runbook="CallstreamScalingCeiling",
        ),
    ),
)

WORRYING = '{namespace=~"$namespace", stage="$stage", level=~"WARNING|ERROR|CRITICAL"}'

LOGS = Row("Logs", (Lines("Warnings and errors", "Open a line for its call and its trace.", WORRYING),))
