"""The runbook pages, shown inside Grafana so that a link from a panel needs no other web site."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "runbooks"


def pages() -> dict[str, str]:
    """Each runbook's text by the name of its alert, in the order of names."""
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("Callstream*.md"))}


def panel_id(alert: str) -> int:
    """The panel that shows this alert's page."""
    return 1 + list(pages()).index(alert)


def runbook_path(alert: str) -> str:
    """Where Grafana shows it."""
    return f"/d/callstream-runbooks?viewPanel=panel-{panel_id(alert)}"
