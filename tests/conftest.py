"""What every test can rely on: its category, servers, a clean environment, and quiet logs."""

import logging
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from common.settings import ServiceSettings, variables
from hypothesis import settings as hypothesis_settings
from servers import Servers

# As the local models have it, read once when numpy is imported: some tests import it before them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
TESTS = Path(__file__).parent
CATEGORIES = {
    "unit": "is the logic right?",
    "contract": "does each service keep its promises?",
    "integration": "do edges and fakes agree with the servers?",
    "e2e": "does a recording become searchable?",
    "browser": "does the page do for people what it promises?",
    "chaos": "do the invariants survive?",
    "images": "do the images run as they will be run?",
}
AGAINST_SERVERS = {"browser", "e2e", "chaos", "images"}  # their stacks are told of servers by the environment

servers_key = pytest.StashKey[Servers]()


def pytest_configure(config: pytest.Config) -> None:
    """Register a marker for each category, and look at the environment before any test changes it."""
    for name, question in CATEGORIES.items():
        config.addinivalue_line("markers", f"{name}: {question} (every test in tests/{name})")
    config.stash[servers_key] = Servers(dict(os.environ))
    # Where a change is judged the examples are always the same; elsewhere every run looks for new ones.
    judged = bool(os.environ.get("CI"))
    hypothesis_settings.register_profile("callstream", max_examples=40, deadline=None, derandomize=judged)
    hypothesis_settings.load_profile("callstream")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's category is the folder it lies in."""
    for item in items:
        if TESTS in item.path.parents:
            item.add_marker(category(item.path.relative_to(TESTS)))


def category(path: Path) -> str:
    """The category of a test at this place below ``tests``."""
    if len(path.parts) < len(("category", "test.py")) or path.parts[0] not in CATEGORIES:
        folders = ", ".join(f"tests/{name}" for name in CATEGORIES)
        raise pytest.UsageError(f"tests/{path} has no category: move it into one of {folders}")
    return path.parts[0]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes tells the one that prints which servers it used."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["servers"] = session.config.stash[servers_key].report()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what one of several processes used."""
    node.config.stash[servers_key].add(getattr(node, "workeroutput", {}).get("servers", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which implementation stood behind each server."""
    for line in config.stash[servers_key].report():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """``server("mongo")`` is a MongoDB's URL: the environment's, a container's, or an embedded one's."""
    with pytestconfig.stash[servers_key].open(tmp_path_factory) as servers:
        yield servers


@pytest.fixture
def fresh() -> str:
    """A name nobody else uses: what a test creates on a server is called by it."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def _operator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No operator's choice reaches a test that does not make it; credentials are throw-away unless set."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, os.environ.get(name, "test"))
    if not any(request.node.get_closest_marker(name) for name in AGAINST_SERVERS):
        for name in _settings():
            monkeypatch.delenv(name, raising=False)


def _settings() -> set[str]:
    """The variables of every settings class that is loaded."""
    classes, found = [ServiceSettings], set[str]()
    while classes:
        one = classes.pop()
        classes += one.__subclasses__()
        found |= _settings_of(one)
    return found


@cache
def _settings_of(one: type[ServiceSettings]) -> set[str]:
    return {variable for name, info in one.model_fields.items() for variable in variables(name, info)}


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Whoever sets logging up in a test does so for this test alone."""
    handlers, level = logging.root.handlers[:], logging.root.level
    structured = structlog.get_config()
    yield
    structlog.configure(**structured)
    structlog.contextvars.clear_contextvars()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
