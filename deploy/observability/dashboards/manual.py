"""The runbook pages as a dashboard: an alert's link and a panel's link lead to the same words."""

from dashboards.board import Row, board
from dashboards.panels import Page
from dashboards.runbooks import pages
from dashboards.sdk import dashboard


def manual() -> dashboard.Dashboard:
    """One panel for each alert; the order gives the panels their ids."""
    shown = tuple(Page(alert, text) for alert, text in pages().items())
    return board(
        "callstream-runbooks",
        "Callstream / Runbooks",
        "What each alert means and what to do.",
        (Row("Runbooks", shown),),
    )
