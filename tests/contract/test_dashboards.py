"""Dashboards are made by code, ask only what can be answered, and lead somewhere."""

import json
import re
from itertools import chain

import promql_parser
import pytest
from common.metrics import FRESHNESS
from common.pipeline import PIPELINE
from dashboards.catalog import FOLDER, files
from expressions import (
    FOREIGN,
    GIVEN_BY_SCRAPING,
    Asked,
    alerts,
    grouped_by,
    panels,
    plain,
    recorded,
    registered,
    rules,
    selectors,
)

METRIC_PANELS = [asked for _, asked in panels("prometheus")]
LOG_PANELS = [asked for _, asked in panels("loki")]
RULES = [Asked(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
IDS = {"call_id", "tenant_id", "message_id", "trace_id", "span_id", "attempt", "outcome", "reason"}

LOG_FILTER = re.compile(
    r'\| (?:json \w+="\w+"|(?P<label>\w+) (?:=|!=|=~|!~) "[^"]*"|(?P<number>\w+) [<>]=? \d+) ?'
)


def test_the_committed_dashboards_are_what_the_code_makes() -> None:
    """`make dashboards` changes nothing."""
    assert files() == {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}


def test_there_is_a_page_for_the_pipeline_each_stage_the_cost_the_logs_and_the_runbooks() -> None:
    """A new stage gets its dashboard by being in the pipeline."""
    expected = {"pipeline", "cost", "logs", "runbooks", *(stage.name for stage in PIPELINE)}

    assert {f"callstream-{name}.json" for name in expected} == set(files())


@pytest.mark.parametrize("asked", [*METRIC_PANELS, *RULES], ids=lambda asked: asked.where)
def test_every_expression_asks_for_series_that_somebody_has(asked: Asked) -> None:
    """It is PromQL, and each name in it is ours, recorded by a rule, or on the short list of others'."""
    names = {selector.name for selector in selectors(asked.expr)}

    assert set() == names - set(registered()) - recorded() - set(FOREIGN)


@pytest.mark.parametrize("asked", [*METRIC_PANELS, *RULES], ids=lambda asked: asked.where)
def test_every_label_that_is_asked_for_is_one_the_metric_has(asked: Asked) -> None:
    """A misspelt label would select nothing, or sum everything into one line."""
    ours = registered()
    for selector in selectors(asked.expr):
        if selector.name in ours:
            matched = {matcher.name for matcher in selector.matchers.matchers}
            assert set() == matched - ours[selector.name] - GIVEN_BY_SCRAPING
    everywhere = set(chain.from_iterable(ours.values())) | GIVEN_BY_SCRAPING | {"scaledObject"}
    assert set() == grouped_by(asked.expr) - everywhere


def test_the_promise_is_counted_by_a_bucket_that_exists() -> None:
    """The share of late calls reads one bucket: it must be one of the histogram's, spelt as it is exposed."""
    bounds = set(re.findall(r'le="([^"]+)"', " ".join(asked.expr for asked in RULES)))

    assert {"900.0"} == bounds
    assert 900 in FRESHNESS


@pytest.mark.parametrize("asked", LOG_PANELS, ids=lambda asked: asked.where)
def test_every_log_query_selects_by_labels_and_filters_by_ids(asked: Asked) -> None:
    """Labels stand in the selector, ids behind it; without its filters a query has PromQL's grammar."""
    filtered = [found["label"] for found in LOG_FILTER.finditer(asked.expr) if found["label"]]
    bare = LOG_FILTER.sub("", plain(asked.expr))

    promql_parser.parse(bare)
    assert "|" not in bare.replace('"', "").split("}", 1)[1]
    assert set() == set(filtered) - IDS
    matched = re.findall(r'(\w+)(?:=~|!=|=|!~)"', bare.split("}", 1)[0])
    assert {"namespace", "stage"} <= set(matched) <= {"namespace", "app", "stage", "level", "container"}


def test_every_link_to_a_runbook_leads_to_the_panel_that_shows_it() -> None:
    """The panel's number in the link is that of the page named in the link's title."""
    boards = {name: json.loads(text) for name, text in files().items()}
    pages = {panel["id"]: panel["title"] for panel in boards["callstream-runbooks.json"]["panels"]}
    links = [
        (link["title"], link["url"])
        for made in boards.values()
        for panel in made["panels"]
        for link in panel.get("links", ())
        if link["title"].startswith("Runbook: ")
    ]

    assert links
    for title, url in links:
        number = int(url.removeprefix("/d/callstream-runbooks?viewPanel=panel-"))
        assert title == f"Runbook: {pages[number]}"


def test_the_runbook_page_shows_every_alert() -> None:
    """One panel each."""
    shown = {panel["title"] for panel in json.loads(files()["callstream-runbooks.json"])["panels"]}

    assert {rule["alert"] for rule in alerts()} == shown - {"Runbooks"}
