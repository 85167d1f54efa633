"""What pages tell an operator to type, there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from common.ctl.main import app
from onebox.contracts import ROOT

PAGES = sorted([ROOT / "README.md", *ROOT.glob("deploy/**/*.md")])
TYPED = re.compile(r"pipelinectl ([a-z][^`\n\"]+)")


def typed() -> Iterator[tuple[Path, str]]:
    """Each command line of ours on a page."""
    for page in PAGES:
        for span in re.findall(r"`([^`\n]*pipelinectl [^`\n]+)`", page.read_text("utf-8")):
            yield from ((page, line) for line in TYPED.findall(span))


def unknown(line: str) -> list[str]:
    """What of a command line its program would refuse."""
    command: Any = typer.main.get_command(app)
    words = line.split()
    while hasattr(command, "commands"):
        name = words.pop(0) if words else ""
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    options = {option for parameter in command.params for option in parameter.opts}
    return [word for word in words if word.startswith("--") and word not in options]


@pytest.mark.parametrize(("page", "line"), sorted(set(typed())), ids=lambda one: getattr(one, "name", one))
def test_a_page_names_commands_that_exist(page: Path, line: str) -> None:
    """Commands and options as they are spelled today."""
    assert [] == unknown(line), page


def test_pages_name_commands() -> None:
    """Otherwise the test above looks at nothing; and a command nobody has is found out."""
    assert {"show", "ps", "stats", "dlq", "redo", "doctor"} <= {line.split()[0] for _, line in typed()}
    assert [["mend"], ["purge"], ["--all"]] == [unknown(line) for line in ("mend", "dlq purge", "ps --all")]
