"""What one stage depends on: its provider, the sweeper, the scaler."""

from dashboards.board import Row
from dashboards.panels import HALF, THIRD, Graph
from dashboards.queries import Query, grown, per_second, quantile, quantiles, scoped, total

OF = 'stage="$stage"'

OUTCOMES = per_second("provider_requests_total", OF, by="provider, model, outcome")
_COMMON = (
    Graph(
        "Requests by outcome",
        "Throttled and timed-out requests come back later; refused ones need a look at the key or the model.",
        (Query(OUTCOMES, "{{provider}} {{model}} {{outcome}}"),),
        unit="reqps",
        stacked=True,
        runbook="CallstreamProviderThrottled",
    ),
    Graph(
        "Time of a request",
        "A point leads to its trace.",
        (*quantiles("provider_request_duration_seconds", OF),),
        unit="s",
        runbook="CallstreamProviderFailing",
    ),
    Graph(
        "Spend per hour",
        "By model and class of tenant.",
        (
            Query(
                f"{per_second('provider_cost_usd_total', OF, by='model, tenant_class', window='1h')} * 3600",
                "{{model}} {{tenant_class}}",
            ),
        ),
        unit="currencyUSD",
        stacked=True,
        runbook="CallstreamSpendRate",
    ),
)


_HELD_BACK = Graph(
    "Held back, p95",
    "Seconds that requests waited for a limit, or for a provider that failed.",
    (Query(quantile(0.95, "provider_limiter_wait_seconds", OF, by="model"), "{{model}}"),),
    unit="s",
    runbook="CallstreamLimiterLocal",
)
_PAUSED = Graph(
    "Pods that receive nothing",
    "Their provider fails (outage), refuses the key (denied) or the account (quota); breakers that are open.",
    (
        Query(total("pipeline_paused", OF, by="reason"), "{{reason}}"),
        Query(f"sum by (model) ({scoped('provider_breaker_state', OF)} > bool 0)", "breaker {{model}}"),
    ),
    runbook="CallstreamStagePaused",
)
_AUDIO = Graph(
    "Audio sent",
    "Seconds of audio per second.",
    (Query(per_second("provider_audio_seconds_total", OF, by="model"), "{{model}}"),),
)
_TOKENS = Graph(
    "Tokens",
    "Per second, by model and direction.",
    (Query(per_second("provider_tokens_total", OF, by="model, kind"), "{{model}} {{kind}}"),),
)
SPEECH = Row("Provider", (*_COMMON, _AUDIO, _HELD_BACK, _PAUSED))
LANGUAGE = Row("Provider", (*_COMMON, _TOKENS, _HELD_BACK, _PAUSED))

SWEEPER = Row(
    "Sweeper",
    (
        Graph(
            "Stuck calls, 1 h",
            "Announced again, or given up after five times.",
            (
                Query(
                    grown("pipeline_stuck_calls_total", by="stage, action", window="1h"),
                    "{{stage}} {{action}}",
                ),
            ),
            runbook="CallstreamCallsStuck",
            span=HALF,
        ),
        Graph(
            "Since the last sweep",
            "One pod sweeps about once a minute.",
            (Query(f"time() - max ({scoped('pipeline_sweep_timestamp_seconds')})", "seconds"),),
            unit="s",
            ceiling=600,
            runbook="CallstreamSweepNotRunning",
            span=HALF,
        ),
        Graph(
            "Parked calls",
            "Waiting for a time, without a message: by stage and reason.",
            (Query(f"max by (stage, reason) ({scoped('pipeline_parked_calls')})", "{{stage}} {{reason}}"),),
            stacked=True,
            span=THIRD,
        ),
        Graph(
            "Parked beyond its time",
            "How late the first parked call is; a sweep releases a hundred.",
            (Query(f"max ({scoped('pipeline_parked_overdue_seconds')})", "seconds"),),
            unit="s",
            ceiling=1800,
            runbook="CallstreamParkedOverdue",
            span=THIRD,
        ),
        Graph(
            "Requests without an end",
            "Of the last day: their workers died, or MongoDB did not take the end.",
            (Query(f"max by (stage) ({scoped('provider_unsettled_requests')})", "{{stage}}"),),
            runbook="CallstreamRequestsUnsettled",
            span=THIRD,
        ),
    ),
)

SCALER = '{scaledObject=~"(.*-)?$service"}'
SCALING = Row(
    "Scaling (KEDA, kube-state-metrics)",
    (
        Graph(
            "Messages KEDA counts, and whether it is active",
            "The number the replicas follow.",
            (
                Query(f"max (keda_scaler_metrics_value{SCALER})", "messages"),
                Query(f"max (keda_scaler_active{SCALER})", "active"),
            ),
            span=HALF,
        ),
        Graph(
            "Replicas",
            "Asked for, and the most that may be.",
            (
                Query(scoped("stage:replicas:max", OF), "replicas"),
                Query(scoped("stage:replica_ceiling:max", OF), "ceiling"),
            ),
            runbook="CallstreamScalingCeiling",
            span=HALF,
        ),
    ),
)

DOOR = Row(
    "The API",
    (
        Graph(
            "Requests",
            "By route and class of status; 5xx is ours.",
            (
                Query(
                    per_second("http_server_request_duration_seconds_count", by="route, status"),
                    "{{route}} {{status}}",
                ),
            ),
            unit="reqps",
            span=HALF,
        ),
        Graph(
            "Time of a request, p95",
            "By route; an upload takes as long as its client sends. Without events: they last.",
            (
                Query(
                    quantile(0.95, "http_server_request_duration_seconds", 'route!~".*/events"', by="route"),
                    "{{route}}",
                ),
            ),
            unit="s",
            span=HALF,
        ),
    ),
)
