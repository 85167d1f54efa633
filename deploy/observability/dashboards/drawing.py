"""How each kind of panel is told to Grafana."""

from collections.abc import Callable
from string import ascii_uppercase
from typing import Any

from dashboards.panels import FULL, HALF, Counts, Graph, Lines, Number, Page, Panel, Rows
from dashboards.queries import Query
from dashboards.runbooks import runbook_path
from dashboards.sdk import (
    common,
    common_models,
    dashboard,
    logs,
    loki,
    models,
    prometheus,
    prometheus_models,
    stat,
    table,
    text,
    text_models,
    timeseries,
)

METRICS = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
LOGS = common_models.DataSourceRef(type_val="loki", uid="${logs}")
HEIGHT, LOW, HIGH = 8, 4, 12
SIXTH = 4
HIDDEN = ("Time", "__name__", "instance", "job", "pod", "container", "endpoint", "namespace")

Builder = Any  # the SDK has a class for each kind of panel, and they share no base


def _graph(panel: Graph) -> Builder:
    made = timeseries.Panel().title(panel.title).description(panel.why).unit(panel.unit).min(0)
    made = made.span(panel.span).height(HEIGHT).tooltip(_all_series()).legend(_below())
    made = _asking(made, panel.queries).links(_links(panel.runbook))
    if panel.stacked:
        made = made.fill_opacity(30).stacking(_stacked())
    if panel.ceiling is not None:
        line = common.GraphThresholdsStyleConfig().mode(common_models.GraphThresholdsStyleMode.DASHED)
        made = made.thresholds(_red_from(panel.ceiling)).thresholds_style(line)
    return made


def _number(panel: Number) -> Builder:
    made = stat.Panel().title(panel.title).description(panel.why).unit(panel.unit).span(SIXTH).height(LOW)
    made = _asking(made, (panel.query,)).links(_links(panel.runbook))
    made = made.color_mode(common_models.BigValueColorMode.VALUE)
    made = made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    return made if panel.bad_above is None else made.thresholds(_red_from(panel.bad_above))


def _rows(panel: Rows) -> Builder:
    made = table.Panel().title(panel.title).description(panel.why).unit(panel.unit).datasource(METRICS)
    for letter, query in zip(ascii_uppercase, panel.queries, strict=False):
        asked = _asked(query).ref_id(letter).instant().format(prometheus_models.PromQueryFormat.TABLE)
        made = made.with_target(asked)
    left_out = {"excludeByName": dict.fromkeys(HIDDEN, True)}
    shown = models.DataTransformerConfig(id_val="organize", options=left_out)
    return made.with_transformation(shown).span(panel.span).height(HEIGHT)


def _lines(panel: Lines) -> Builder:
    made = logs.Panel().title(panel.title).description(panel.why).datasource(LOGS).span(FULL).height(HIGH)
    made = made.show_time(True).enable_log_details(True).wrap_log_message(True)
    made = made.sort_order(common_models.LogsSortOrder.DESCENDING)
    return made.with_target(loki.Dataquery().expr(panel.logql).ref_id("A").max_lines(500))


def _counts(panel: Counts) -> Builder:
    made = timeseries.Panel().title(panel.title).description(panel.why).unit("short").min(0)
    made = made.span(HALF).height(HEIGHT).datasource(LOGS)
    made = made.fill_opacity(30).stacking(_stacked()).tooltip(_all_series()).legend(_below())
    return made.with_target(loki.Dataquery().expr(panel.logql).legend_format(panel.legend).ref_id("A"))


def _page(panel: Page) -> Builder:
    made = text.Panel().title(panel.title).span(FULL).height(HIGH)
    return made.mode(text_models.TextMode.MARKDOWN).content(panel.markdown)


def _asking(made: Builder, queries: tuple[Query, ...]) -> Builder:
    made = made.datasource(METRICS)
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        made = made.with_target(_asked(query).ref_id(letter))
    return made


def _asked(query: Query) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(query.expr).legend_format(query.legend)
    return asked.exemplar(True) if query.exemplar else asked


def _links(runbook: str | None) -> list[dashboard.DashboardLink]:
    lines = _link("Logs of this time", "/d/callstream-logs?${__url_time_range}&${namespace:queryparam}")
    return [lines] if runbook is None else [lines, _link(f"Runbook: {runbook}", runbook_path(runbook))]


def _link(title: str, url: str) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(title).type(models.DashboardLinkType.LINK).url(url)


def _red_from(limit: float) -> dashboard.ThresholdsConfig:
    steps = [models.Threshold(color="green", value=None), models.Threshold(color="red", value=limit)]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _stacked() -> common.StackingConfig:
    return common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A")


def _all_series() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI)


def _below() -> common.VizLegendOptions:
    options = common.VizLegendOptions().placement(common_models.LegendPlacement.BOTTOM)
    return options.display_mode(common_models.LegendDisplayMode.LIST).show_legend(True)


_DRAWN: dict[type[Any], Callable[[Any], Builder]] = {
    Graph: _graph,
    Number: _number,
    Rows: _rows,
    Lines: _lines,
    Counts: _counts,
    Page: _page,
}


def drawn(panel: Panel) -> Builder:
    """The SDK's builder of *panel*."""
    return _DRAWN[type(panel)](panel)
