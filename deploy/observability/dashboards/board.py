"""What every dashboard has: the variables, the links between dashboards, rows of panels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from common.pipeline import PIPELINE

from dashboards.drawing import METRICS, drawn
from dashboards.panels import Panel
from dashboards.sdk import dashboard, models

TAG = "callstream"

Variable = Any  # the SDK has a class for each kind of variable, and they share no base
STAGES = tuple(stage.name for stage in PIPELINE)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


def board(uid: str, title: str, about: str, rows: Iterable[Row], *extra: Variable) -> dashboard.Dashboard:
    """A dashboard; *extra* are variables besides data source, logs and namespace."""
    made = dashboard.Dashboard(title).uid(uid).description(about).tags([TAG]).readonly()
    made = (
        made.time("now-6h", "now")
        .refresh("30s")
        .timezone("utc")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
    )
    made = made.variables(
        [_source("datasource", "prometheus"), _source("logs", "loki"), _namespace(), *extra]
    )
    made = made.link(_others()).link(_traces())
    number = 0
    for row in rows:
        made = made.with_row(dashboard.Row(row.title).id(1000 + number))
        for panel in row.panels:
            number += 1
            made = made.with_panel(drawn(panel).id(number))
    return made


def stage_variable() -> dashboard.CustomVariable:
    """Which stages are shown: all, unless some are picked."""
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    chosen = dashboard.CustomVariable("stage").label("Stage").values(",".join(STAGES)).current(everything)
    return chosen.multi(True).include_all(True).all_value(".+")


def text_variable(name: str, label: str) -> dashboard.TextBoxVariable:
    """Something to type in."""
    return dashboard.TextBoxVariable(name).label(label).default_value("")


def _source(name: str, kind: str) -> dashboard.DatasourceVariable:
    label = {"prometheus": "Metrics", "loki": "Logs"}[kind]
    return dashboard.DatasourceVariable(name).label(label).type(kind)


def _namespace() -> dashboard.QueryVariable:
    query = "label_values(build_info, namespace)"
    chosen = dashboard.QueryVariable("namespace").label("Namespace").datasource(METRICS).query(query)
    chosen = chosen.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(
        models.VariableSort.ALPHABETICAL_ASC
    )
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    return chosen.current(everything).include_all(True).all_value(".+")


def _others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Callstream").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _traces() -> dashboard.DashboardLink:
    """Tempo's own search; one call's trace is found from its log lines."""
    link = dashboard.DashboardLink("Traces").type(models.DashboardLinkType.LINK).icon("external link")
    return link.url('/explore?left={"datasource":"tempo"}').keep_time(True)
