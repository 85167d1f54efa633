"""The log lines: how many of which kind, what failed, and everything about one call."""

from dashboards.board import Row, board, stage_variable, text_variable
from dashboards.panels import Counts, Lines
from dashboards.sdk import dashboard

CHOSEN = '{namespace=~"$namespace", stage=~"$stage"}'

SERIOUS = '{namespace=~"$namespace", stage=~"$stage", level=~"ERROR|CRITICAL"}'

SLOW_MS = 60_000

BY_LEVEL = f"sum by (level) (count_over_time({CHOSEN} [$__auto]))"

BY_OUTCOME = f'sum by (stage, outcome) (count_over_time({CHOSEN} | outcome != "" [$__auto]))'

HOW_MANY = Row(
    "How many",
    (
        Counts("Lines by level", "A rising number of warnings precedes most alerts.", BY_LEVEL, "{{level}}"),
        Counts(
            "Messages by outcome", "One canonical line for each message.", BY_OUTCOME, "{{stage}} {{outcome}}"
        ),
    ),
)

ONE_CALL = Row(
    "One call",
    (
        Lines("The call", "Type its id above.", f'{CHOSEN} | call_id = "$call_id" | call_id != ""'),
        Lines(
            "The trace",
            "Type its id above, or come here from a trace.",
            f'{CHOSEN} | trace_id = "$trace_id" | trace_id != ""',
        ),
    ),
)

ENDED = f'{CHOSEN} | outcome =~ "failed|retried"'

SLOW = f'{CHOSEN} | outcome = "completed" | json duration_ms="duration_ms" | duration_ms > {SLOW_MS}'

WHAT_FAILED = Row(
    "What failed, what was slow",
    (
        Lines("Errors", "Bugs and broken dependencies.", SERIOUS),
        Lines("Messages that failed or came back", "With their reason.", ENDED),
        Lines("Messages that took longer than a minute", "Completed, but slow.", SLOW),
    ),
)


def logbook() -> dashboard.Dashboard:
    """Reads Loki."""
    return board(
        "callstream-logs",
        "Callstream / Logs",
        "Lines by level and outcome, errors, one call from end to end. Open a line for its trace.",
        (HOW_MANY, ONE_CALL, WHAT_FAILED),
        stage_variable(),
        text_variable("call_id", "Call"),
        text_variable("trace_id", "Trace"),
    )
