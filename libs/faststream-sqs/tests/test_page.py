"""The package's README says what is so: its programs run, its tables and figures are the real ones."""

import importlib.util
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from faststream_sqs import FakeSQS, SQSBroker, SQSQueue, TestSQSBroker
from faststream_sqs._faststream import EMPTY

PACKAGE = Path(__file__).resolve().parent.parent
PAGE = (PACKAGE / "README.md").read_text("utf-8")
PROGRAMS = dict(re.findall(r"^## ?#? (.+)\n(?:(?!^##).*\n)*?```python\n((?:.*\n)*?)```$", PAGE, re.MULTILINE))
TABLES: dict[str, Callable[..., Any]] = {
    "SQSBroker": SQSBroker.__init__,
    "subscriber": SQSBroker.subscriber,
    "publisher": SQSBroker.publisher,
    "SQSQueue": SQSQueue,
}


def loaded(file: Path) -> ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_program_is_found() -> None:
    """No Python block escapes the test below."""
    assert PAGE.count("```python\n") == len(PROGRAMS)


@pytest.mark.parametrize("title", PROGRAMS)
async def test_program(tmp_path: Path, title: str) -> None:
    """Each program runs, and its broker starts on queues as it names them."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAMS[title])

    program: Any = loaded(file)
    if hasattr(program, "main"):
        await program.main()
    else:
        async with TestSQSBroker(program.broker, fake=FakeSQS()) as broker:
            assert await broker.ping()


def told(table: str) -> list[tuple[str, str]]:
    """A table's options and their defaults, in its order."""
    rows = PAGE.split(f"<!-- options:{table} -->")[1].split(f"<!-- /options:{table} -->")[0]
    return re.findall(r"^\| `(\w+)` \| ([^|]+?) \| \S.*\|$", rows, re.MULTILINE)


def shown(default: Any) -> str:
    """A default as the tables write it."""
    if default is inspect.Parameter.empty:
        return "needed"
    if default is EMPTY or callable(default):
        return "FastStream's"
    return f"`{default!r}`" if type(default).__module__ == "builtins" else "`{}`"


@pytest.mark.parametrize("table", TABLES)
def test_table_of_options(table: str) -> None:
    """Every option is told with its default, in the order of the signature."""
    parameters = inspect.signature(TABLES[table]).parameters.values()

    assert [(one.name, shown(one.default)) for one in parameters if one.name != "self"] == told(table)


@pytest.fixture
def writer() -> ModuleType:
    """`bench/readme.py`, which is a folder of the repository and no installed package."""
    return loaded(PACKAGE / "bench" / "readme.py")


def test_figures_are_the_reports(writer: ModuleType) -> None:
    """The comparison is what `python -m bench.readme` takes from BENCHMARKS.md."""
    report = (PACKAGE / "BENCHMARKS.md").read_text("utf-8")

    assert writer.included(PAGE, report) == PAGE


@pytest.mark.parametrize(
    ("page", "report", "lacks"),
    [
        pytest.param("no markers", "2026-11-22, here.\n", "bench:begin", id="markers"),
        pytest.param("<!-- bench:begin --><!-- bench:end -->", "no day", "when and where", id="day"),
        pytest.param("<!-- bench:begin --><!-- bench:end -->", "2026-11-22, here.\n", "### B1", id="table"),
    ],
)
def test_figures_that_are_not_there(writer: ModuleType, page: str, report: str, lacks: str) -> None:
    """A report or a page that lacks something is refused by what it lacks."""
    with pytest.raises(ValueError, match=lacks):
        writer.included(page, report)


def test_links_lead_somewhere() -> None:
    """Relative links name files of the package, and sections of the page."""
    sections = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^):]+)\)", PAGE)

    assert [] == [
        link for link in links if link.removeprefix("#") not in sections and not (PACKAGE / link).is_file()
    ]
