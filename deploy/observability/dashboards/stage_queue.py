"""What waits in front of one stage, what comes back, what is put aside."""

from dashboards.board import Row
from dashboards.panels import Graph
from dashboards.queries import Query, grown, per_second, quantile, quantiles, scoped, share

OF = 'stage="$stage"'

ON = 'queue=~"(.*-)?$stage"'  # the operator's name for a queue ends in ours

DEAD = grown("pipeline_dlq_messages_total", OF, by="fault, reason", window="1h")
REPEATED = per_second("pipeline_redeliveries_total", OF)
QUEUE = Row(
    "Queue",
    (
        Graph(
            "Messages",
            "Visible, held, delayed.",
            (Query(scoped("stage:queue_messages:max", OF), "{{state}}"),),
            stacked=True,
            runbook="CallstreamQueueWithoutConsumer",
        ),
        Graph(
            "Wait before receipt",
            "From sending to receiving.",
            (
                *quantiles("pipeline_queue_wait_seconds", OF),
                Query(f"stage:oldest_message_age_seconds:max{{{OF}}}", "oldest (CloudWatch)"),
            ),
            unit="s",
            ceiling=450,
            runbook="CallstreamOldestMessageOld",
        ),
        Graph(
            "Dead letters by reason, 1 h",
            "Customers' unusable recordings and our faults, apart.",
            (Query(DEAD, "{{fault}}: {{reason}}"),),
            stacked=True,
            runbook="CallstreamDeadLettersOurs",
        ),
        Graph(
            "Deliveries beyond the first",
            "Share of received messages; crashes, lost leases and retries show here.",
            (Query(share(REPEATED, per_second("pipeline_queue_wait_seconds_count", OF)), "share"),),
            unit="percentunit",
            ceiling=0.05,
            runbook="CallstreamRedeliveries",
        ),
        Graph(
            "Age at receipt",
            "Time since sending, as the broker sees each message.",
            (Query(quantile(0.95, "sqs_message_age_seconds", ON), "p95"),),
            unit="s",
        ),
        Graph(
            "Deliveries of a message",
            "How often received messages have been delivered.",
            (Query(quantile(0.99, "sqs_receive_count", ON), "p99"),),
            runbook="CallstreamRedeliveries",
        ),
    ),
)
