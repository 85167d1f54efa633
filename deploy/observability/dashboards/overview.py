"""The pipeline at a glance: is it well, where does it wait, what fails, who is slow, what does it cost."""

from dashboards.board import board
from dashboards.faults import FAILURES, PROVIDERS
from dashboards.flow import FLOW, QUEUES, WELLNESS
from dashboards.pods import PROCESSES, SCALING
from dashboards.sdk import dashboard


def overview() -> dashboard.Dashboard:
    """What whoever is on call opens first."""
    return board(
        "callstream-pipeline",
        "Callstream / Pipeline",
        "Freshness, queues, failures, providers and scaling of all stages.",
        (WELLNESS, FLOW, QUEUES, FAILURES, PROVIDERS, SCALING, PROCESSES),
    )
