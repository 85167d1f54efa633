"""What one stage asks of SQS: requests, leases, polls, stops."""

from dashboards.board import Row
from dashboards.panels import Graph
from dashboards.queries import Query, grown, per_second, quantile, scoped, share, total

ON = 'queue=~"(.*-)?$stage"'  # the operator's name for a queue ends in ours

REQUESTS = per_second("sqs_requests_total", ON)
EXTENDED = 'action="change_message_visibility_batch"'
SQS = Row(
    "SQS",
    (
        Graph(
            "Requests per message",
            "What SQS bills for one message: a busy stage needs 0.4 to 3, an idle one polls for nothing.",
            (Query(share(REQUESTS, per_second("sqs_messages_received_total", ON)), "requests"),),
        ),
        Graph(
            "Requests by action",
            "Long polls, deletes, extensions, sends.",
            (Query(per_second("sqs_requests_total", ON, by="action"), "{{action}}"),),
            unit="reqps",
            stacked=True,
        ),
        Graph(
            "Requests that failed",
            "By action and outcome.",
            (
                Query(
                    per_second("sqs_requests_total", ON, 'outcome!="ok"', by="action, outcome"),
                    "{{action}} {{outcome}}",
                ),
            ),
            unit="reqps",
            runbook="CallstreamLeaseExtensionsFailing",
        ),
        Graph(
            "Leases",
            "Extensions per second, and requests for them that failed.",
            (
                Query(per_second("sqs_lease_extensions_total", ON), "extended"),
                Query(
                    per_second("sqs_requests_total", ON, EXTENDED, 'outcome!="ok"'),
                    "failed requests",
                ),
            ),
            runbook="CallstreamLeaseExtensionsFailing",
        ),
        Graph(
            "Leases ended",
            "How messages left our hands.",
            (Query(per_second("sqs_settled_total", ON, by="kind"), "{{kind}}"),),
            unit="ops",
            stacked=True,
        ),
        Graph(
            "Held by pods",
            "Running in handlers, or buffered for them.",
            (Query(total("sqs_inflight", ON, by="state"), "{{state}}"),),
            stacked=True,
        ),
        Graph(
            "Time of SQS requests, p95",
            "A receive waits for messages up to the long poll.",
            (Query(quantile(0.95, "sqs_request_seconds", ON, by="action"), "{{action}}"),),
            unit="s",
        ),
        Graph(
            "Messages per receive",
            "Ten is the most one request can bring.",
            (
                Query(
                    share(
                        per_second("sqs_receive_batch_size_sum", ON),
                        per_second("sqs_receive_batch_size_count", ON),
                    ),
                    "mean",
                ),
            ),
        ),
        Graph(
            "Since SQS last answered a poll",
            "A saturated stage does not poll; an idle one does at least every 20 s.",
            (Query(f"max ({scoped('sqs_poll_age_seconds', ON)})", "longest"),),
            unit="s",
        ),
        Graph(
            "Stops",
            "Messages given back unhandled, per hour, and how long stopping took.",
            (
                Query(grown("sqs_released_total", ON, window="1h"), "released"),
                Query(quantile(0.95, "sqs_drain_seconds", ON, window="1h"), "drain p95, s"),
            ),
        ),
    ),
)
