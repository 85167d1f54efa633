"""Alerts fire when they should and are silent when they should be; each has a page that says what to do."""

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yamls
from common.pipeline import PIPELINE
from expressions import OBSERVABILITY, alerts
from promtool import program

TESTS = sorted((OBSERVABILITY / "prometheus" / "tests").glob("*.yaml"))
RUNBOOKS = OBSERVABILITY / "runbooks"
ALERTS = alerts()
NEVER_SILENT = {"CallstreamWatchdog"}

each_alert = pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])


@cache
def cases() -> list[dict[str, Any]]:
    """Every expectation of the unit tests."""
    files = [yamls.read(path) for path in TESTS]
    return [case for file in files for test in file["tests"] for case in test["alert_rule_test"]]


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_alerts_fire_and_are_silent_as_their_tests_say(path: Path) -> None:
    """Promtool plays each story, and compares labels and annotations word for word."""
    ran = subprocess.run(  # noqa: S603 - promtool, found by us
        [program("promtool"), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )

    assert (0, "") == (ran.returncode, "" if ran.returncode == 0 else ran.stdout + ran.stderr)


def test_the_configuration_and_all_rules_are_accepted_by_prometheus() -> None:
    """Promtool reads prometheus.yml and, through it, every rule."""
    ran = subprocess.run(  # noqa: S603 - promtool, found by us
        [program("promtool"), "check", "config", str(OBSERVABILITY / "prometheus" / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (ran.returncode, "" if ran.returncode == 0 else ran.stdout + ran.stderr)


@each_alert
def test_every_alert_has_a_story_in_which_it_fires_and_one_in_which_it_does_not(rule: dict[str, Any]) -> None:
    """The watchdog alone is never silent."""
    told = Counter(bool(case["exp_alerts"]) for case in cases() if case["alertname"] == rule["alert"])

    assert told[True] >= 1
    assert told[False] >= 1 or rule["alert"] in NEVER_SILENT


@each_alert
def test_every_alert_says_how_urgent_it_is_which_stage_it_is_about_and_where_its_page_is(
    rule: dict[str, Any],
) -> None:
    """A stage that no label of the rule names is a label of the series it fires on."""
    assert rule["labels"]["severity"] in {"page", "ticket", "none"}
    stages = {"all", *(stage.name for stage in PIPELINE)}
    assert rule["labels"].get("stage", "all") in stages
    fired = [
        found["exp_labels"]
        for case in cases()
        if case["alertname"] == rule["alert"]
        for found in case["exp_alerts"]
    ]
    assert {labels["stage"] for labels in fired} <= stages
    url = f"{{{{ $externalLabels.runbooks }}}}deploy/observability/runbooks/{rule['alert']}.md"
    assert url == rule["annotations"]["runbook_url"]


@each_alert
def test_every_alert_has_a_page_that_says_what_it_means_how_to_check_and_what_to_do(
    rule: dict[str, Any],
) -> None:
    """The page names the commands, and no other alert than one that exists."""
    page = (RUNBOOKS / f"{rule['alert']}.md").read_text("utf-8")

    assert page.startswith(f"# {rule['alert']}\n")
    assert ["## Check", "## Do"] == re.findall(r"^## .*$", page, re.MULTILINE)
    assert {found["alert"] for found in ALERTS} >= set(re.findall(r"Callstream[A-Z]\w+", page))


def test_no_page_is_left_of_an_alert_that_is_gone() -> None:
    """Pages and alerts are the same set."""
    assert {rule["alert"] for rule in ALERTS} == {path.stem for path in RUNBOOKS.glob("Callstream*.md")}
