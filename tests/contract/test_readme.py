"""The README says what is so."""

import re
from pathlib import Path
from typing import Any

import pytest
from common.ctl.main import app
from common.pipeline import PIPELINE, Stage
from onebox.contracts import ROOT, SETTINGS, generated
from onebox.settings_page import collect
from typer.main import get_command

README = (ROOT / "README.md").read_text("utf-8")
PAGES = {
    name: (ROOT / name).read_text("utf-8") for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def told_variables() -> set[str]:
    """The first column of the README's table, aliases included."""
    table = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}


def test_the_page_is_what_the_code_says() -> None:
    """``make contracts`` was run."""
    assert generated()[ROOT / "README.md"] == README


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_exists(page: str) -> None:
    """Nobody types a target that is not there."""
    told = set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", PAGES[page], re.MULTILINE))

    assert set() == told - TARGETS


def test_every_target_a_user_needs_is_told() -> None:
    """What ``make`` lists, the README explains, the checks behind ``make check`` left out."""
    listed = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    told = set(re.findall(r"make ([a-z-]+)", README))

    assert {
        "setup",
        "run",
        "dev",
        "test",
        "test-fast",
        "test-real",
        "test-chaos",
        "coverage",
        "check",
    } <= listed & told


def test_every_variable_of_the_table_is_a_setting_and_the_other_way_round() -> None:
    """The table is complete and holds nothing else."""
    settings = {name for variable in collect(SETTINGS) for name in (variable.name, *variable.aliases)}

    assert settings == told_variables()


@pytest.mark.parametrize("stage", PIPELINE, ids=lambda stage: stage.name)
def test_the_table_of_services_is_the_pipeline(stage: Stage) -> None:
    """Service, queue, what it takes and what it announces."""
    row = next(line for line in README.splitlines() if line.startswith(f"| `{stage.service}`"))
    cells = [cell.strip(" `") for cell in row.strip("|").split("|")]
    announces = stage.announces.__name__ if stage.announces else "–"

    assert [stage.service, stage.name, stage.consumes.__name__, announces] == [*cells[:3], cells[4]]


def commands(group: Any, path: tuple[str, ...] = ()) -> set[str]:
    """The names of all commands below a group."""
    if not hasattr(group, "commands"):
        return {" ".join(path)}
    return {name for one, below in group.commands.items() for name in commands(below, (*path, one))}


def test_the_table_of_pipelinectl_is_what_it_can_do() -> None:
    """Each command has its line, and no line is about another."""
    section = README.split("## When something is wrong")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    told = {command for cell in cells for command in re.findall(r"`([a-z]+(?: [a-z]+)*)", cell)}

    assert commands(get_command(app)) == told


def test_the_glossary_is_in_alphabetical_order() -> None:
    """Whoever looks a word up finds it where it would be."""
    glossary = PAGES["ARCHITECTURE.md"].split("## Glossary")[1].split("\n## ")[0]
    words = [word.lower() for word in re.findall(r"^- \*([^*]+)\*", glossary, re.MULTILINE)]

    assert sorted(words) == words


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """Relative links name files of the repository."""
    links = re.findall(r"\]\(([^)#:]+)\)", PAGES[page])

    assert [] == [link for link in links if not (ROOT / Path(link)).exists()]
