"""What fails, and whose fault it is: dead letters, stuck calls, providers."""

from dashboards.board import Row
from dashboards.panels import Graph
from dashboards.queries import Query, grown, per_second, quantile, share

FAILURES = Row(
    "Failures",
    (
        Graph(
            "Dead letters by our fault",
            "By reason; each is a call that could be saved.",
            (
                Query(
                    grown("pipeline_dlq_messages_total", 'fault="ours"', by="stage, reason", window="1h"),
                    "{{stage}} {{reason}}",
                ),
            ),
            stacked=True,
            runbook="CallstreamDeadLettersOurs",
        ),
        Graph(
            "Unusable recordings",
            "By reason; nothing to mend here, but a customer may need to know.",
            (
                Query(
                    grown("pipeline_dlq_messages_total", 'fault="customer"', by="stage, reason", window="1h"),
                    "{{stage}} {{reason}}",
                ),
            ),
            stacked=True,
            runbook="CallstreamDeadLettersCustomers",
        ),
        Graph(
            "Stuck calls and the sweep",
            "Calls the sweeper announced again or gave up, per hour.",
            (
                Query(
                    grown("pipeline_stuck_calls_total", by="stage, action", window="1h"),
                    "{{stage}} {{action}}",
                ),
            ),
            runbook="CallstreamCallsStuck",
        ),
    ),
)


REQUESTS = per_second("provider_requests_total", by="stage, model")


PROVIDERS = Row(
    "Providers",
    (
        Graph(
            "Requests",
            "By stage and outcome.",
            (Query(per_second("provider_requests_total", by="stage, outcome"), "{{stage}} {{outcome}}"),),
            unit="reqps",
            stacked=True,
            runbook="CallstreamProviderFailing",
        ),
        Graph(
            "Throttled (429)",
            "Share of requests the provider refused for their number; more than 5 % alerts.",
            (
                Query(
                    share(
                        per_second("provider_requests_total", 'outcome="throttled"', by="stage, model"),
                        REQUESTS,
                    ),
                    "{{stage}} {{model}}",
                ),
            ),
            unit="percentunit",
            ceiling=0.05,
            runbook="CallstreamProviderThrottled",
        ),
        Graph(
            "Latency, p95",
            "Time a request takes, by stage and model.",
            (
                Query(
                    quantile(0.95, "provider_request_duration_seconds", by="stage, model"),
                    "{{stage}} {{model}}",
                    exemplar=True,
                ),
            ),
            unit="s",
        ),
    ),
)
