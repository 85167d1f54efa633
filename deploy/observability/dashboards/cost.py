"""What the calls cost: providers by stage, model and class of tenant, and what SQS bills."""

from dashboards.board import Row, board, stage_variable
from dashboards.panels import HALF, Graph, Number, Rows
from dashboards.queries import Query, grown, per_second, scoped, share
from dashboards.sdk import dashboard

CHOSEN = 'stage=~"$stage"'

HOURS_PER_MONTH = 730

SQS_USD_PER_MILLION = 0.40


def _hourly(by: str, window: str = "1h") -> str:
    return f"{per_second('provider_cost_usd_total', CHOSEN, by=by, window=window)} * 3600"


CALLS = grown("pipeline_end_to_end_seconds_count", 'stage="embed"', window="1d")

SPENT = grown("provider_cost_usd_total", CHOSEN, window="1d")

LEFT = f"({scoped('model_end_of_life_timestamp_seconds', CHOSEN)} - time()) / 86400"

NOW = Row(
    "Now",
    (
        Number(
            "Per hour",
            "At the speed of the last hour.",
            Query(_hourly("")),
            unit="currencyUSD",
            bad_above=50,
            runbook="CallstreamSpendRate",
        ),
        Number("Last day", "Charged within 24 hours.", Query(SPENT), unit="currencyUSD"),
        Number(
            "Per month",
            "At the speed of the last day.",
            Query(f"{_hourly('', '1d')} * {HOURS_PER_MONTH}"),
            unit="currencyUSD",
        ),
        Number(
            "Per call",
            "Last day's spend over last day's completed calls.",
            Query(share(SPENT, CALLS)),
            unit="currencyUSD",
        ),
        Number("Calls, 1 d", "Completed.", Query(CALLS)),
        Number(
            "Models that end within 90 days",
            "Choose a successor and try it before.",
            Query(f"count({LEFT} < 90) or vector(0)"),
            bad_above=1,
            runbook="CallstreamModelEndOfLife",
        ),
    ),
)

SPEND = Row(
    "Spend per hour",
    (
        Graph(
            "By stage",
            "Where the money goes.",
            (Query(_hourly("stage"), "{{stage}}"),),
            unit="currencyUSD",
            stacked=True,
            runbook="CallstreamSpendSurge",
        ),
        Graph(
            "By model",
            "Which model is paid for.",
            (Query(_hourly("model"), "{{model}}"),),
            unit="currencyUSD",
            stacked=True,
        ),
        Graph(
            "By class of tenant",
            "Who causes it; classes are few, and set by the operator.",
            (Query(_hourly("tenant_class"), "{{tenant_class}}"),),
            unit="currencyUSD",
            stacked=True,
        ),
    ),
)

TOKENS = per_second("provider_tokens_total", CHOSEN, by="stage, model, kind")

AUDIO = per_second("provider_audio_seconds_total", CHOSEN, by="model")


AMOUNTS = Row(
    "What is paid for",
    (
        Graph("Tokens", "Per second.", (Query(TOKENS, "{{stage}} {{model}} {{kind}}"),), stacked=True),
        Graph("Audio", "Seconds of audio sent per second.", (Query(AUDIO, "{{model}}"),)),
        Rows(
            "Days each model has left",
            "Only models with a known end.",
            (Query(f"min by (stage, model) ({LEFT})"),),
            unit="d",
            span=8,
        ),
    ),
)

REQUESTS = per_second("sqs_requests_total", by="queue")

RECEIVED = per_second("sqs_messages_received_total", by="queue")

HOURLY = f"{per_second('sqs_requests_total', window='1h')} * 3600"
MONTHLY = f"{HOURLY} * {HOURS_PER_MONTH} / 1e6 * {SQS_USD_PER_MILLION}"

SQS = Row(
    "SQS",
    (
        Graph(
            "Requests per message",
            "What one message costs in requests; an idle queue is polled, too.",
            (Query(share(REQUESTS, RECEIVED), "{{queue}}"),),
            span=HALF,
        ),
        Graph(
            "SQS per month",
            "All requests at the speed of the last hour, at the list price of standard queues.",
            (Query(MONTHLY, "USD"),),
            unit="currencyUSD",
            span=HALF,
        ),
    ),
)


def cost() -> dashboard.Dashboard:
    """For whoever pays."""
    return board(
        "callstream-cost",
        "Callstream / Cost",
        "Spend by stage, model and class of tenant; tokens, audio, SQS requests.",
        (NOW, SPEND, AMOUNTS, SQS),
        stage_variable(),
    )
