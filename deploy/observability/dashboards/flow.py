"""How calls flow: are they in time, how many, how long, where they wait."""

from dashboards.board import Row
from dashboards.panels import Graph, Number
from dashboards.queries import Query, grown, or_zero, per_second, quantile, quantiles, scoped, share, total

SPEND = f"{per_second('provider_cost_usd_total', window='1h')} * 3600"


COMPLETED = grown("pipeline_end_to_end_seconds_count", 'stage="embed"', window="1h")


WELLNESS = Row(
    "Is it well?",
    (
        Number(
            "Late calls, 1 h",
            "Share of calls that took longer than 15 minutes from first seen to searchable; 1 % is allowed.",
            Query(scoped("namespace:late_calls:ratio_rate1h")),
            unit="percentunit",
            bad_above=0.01,
            runbook="CallstreamFreshnessBurningFast",
        ),
        Number("Calls completed, 1 h", "Calls that became searchable.", Query(COMPLETED)),
        Number(
            "Failed by our fault, 1 h",
            "Messages in dead-letter queues that a change or a redrive on our side can save.",
            Query(or_zero(grown("pipeline_dlq_messages_total", 'fault="ours"', window="1h"))),
            bad_above=1,
            runbook="CallstreamDeadLettersOurs",
        ),
        Number(
            "Unusable recordings, 1 h",
            "Calls refused because of what was handed in: unreadable, empty, too long.",
            Query(or_zero(grown("pipeline_dlq_messages_total", 'fault="customer"', window="1h"))),
            runbook="CallstreamDeadLettersCustomers",
        ),
        Number(
            "Spend per hour",
            "What providers charge, at the speed of the last hour.",
            Query(SPEND),
            unit="currencyUSD",
            bad_above=50,
            runbook="CallstreamSpendRate",
        ),
        Number(
            "Alerts firing",
            "Of this page's alerts; the watchdog is not counted.",
            Query(
                'count(ALERTS{alertname=~"Callstream.*",alertstate="firing",severity!="none"}) or vector(0)'
            ),
            bad_above=1,
        ),
    ),
)


FLOW = Row(
    "Flow",
    (
        Graph(
            "From first seen to searchable",
            "The promise: 99 % of calls within 15 minutes. A point leads to its trace.",
            (*quantiles("pipeline_end_to_end_seconds", 'stage="embed"'),),
            unit="s",
            ceiling=900,
            runbook="CallstreamFreshnessBurningFast",
        ),
        Graph(
            "Freshness: error budget burn",
            "1 spends the budget exactly; 14.4 over an hour pages.",
            (
                *(
                    Query(f"{scoped(f'namespace:late_calls:ratio_rate{window}')} / 0.01", window)
                    for window in ("1h", "6h", "3d")
                ),
            ),
            ceiling=14.4,
            runbook="CallstreamFreshnessBurningFast",
        ),
        Graph(
            "Throughput",
            "Messages completed per second, by stage: the lines lie together when nothing piles up.",
            (Query(per_second("pipeline_outcomes_total", 'outcome="completed"', by="stage"), "{{stage}}"),),
            unit="ops",
        ),
        Graph(
            "Outcomes other than completed",
            "Retries are normal in small numbers; failures end in a dead-letter queue.",
            (
                Query(
                    per_second("pipeline_outcomes_total", 'outcome!="completed"', by="stage, outcome"),
                    "{{stage}} {{outcome}}",
                ),
            ),
            unit="ops",
            stacked=True,
            runbook="CallstreamErrorsBurningFast",
        ),
        Graph(
            "Work on one message, p95",
            "How long handlers take; long calls make it long.",
            (
                Query(
                    quantile(0.95, "messaging_process_duration_seconds", by="stage"),
                    "{{stage}}",
                    exemplar=True,
                ),
            ),
            unit="s",
        ),
        Graph(
            "Busy slots",
            "Messages in work against what the pods may take at once; at 100 % a stage is saturated.",
            (
                Query(
                    share(
                        total("pipeline_inflight_messages", by="stage"),
                        total("pipeline_concurrency_limit", by="stage"),
                    ),
                    "{{stage}}",
                ),
            ),
            unit="percentunit",
            ceiling=1,
            runbook="CallstreamScalingCeiling",
        ),
    ),
)


QUEUES = Row(
    "Queues",
    (
        Graph(
            "Messages waiting",
            "Visible messages by stage, as SQS reports them.",
            (Query(scoped("stage:queue_messages:max", 'state="visible"'), "{{stage}}"),),
            stacked=True,
            runbook="CallstreamQueueWithoutConsumer",
        ),
        Graph(
            "Wait before a message is received, p95",
            "From sending to receiving; more than 7.5 minutes endangers the promise.",
            (Query(scoped("stage:queue_wait_seconds:p95_rate5m"), "{{stage}}"),),
            unit="s",
            ceiling=450,
            runbook="CallstreamOldestMessageOld",
        ),
        Graph(
            "Oldest message (CloudWatch)",
            "Seen by AWS, so it also counts when no consumer runs.",
            (Query("stage:oldest_message_age_seconds:max", "{{stage}}"),),
            unit="s",
            ceiling=450,
            runbook="CallstreamOldestMessageUnreceived",
        ),
        Graph(
            "Messages held or delayed",
            "Received and not settled, or parked for a later try.",
            (Query(scoped("stage:queue_messages:max", 'state!="visible"'), "{{stage}} {{state}}"),),
        ),
        Graph(
            "Dead-letter queues",
            "Messages that wait for a decision: redrive them or let them go.",
            (Query(scoped("stage:dead_letters:max"), "{{stage}}"),),
            runbook="CallstreamDeadLettersUncounted",
        ),
        Graph(
            "Deliveries beyond the first",
            "Share of messages that had been delivered before; more than 5 % means work is repeated.",
            (
                Query(
                    share(
                        per_second("pipeline_redeliveries_total", by="stage"),
                        per_second("pipeline_queue_wait_seconds_count", by="stage"),
                    ),
                    "{{stage}}",
                ),
            ),
            unit="percentunit",
            ceiling=0.05,
            runbook="CallstreamRedeliveries",
        ),
    ),
)
