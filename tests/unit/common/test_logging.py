"""One JSON object a line, in one shape, and no word of a call."""

import io
import json
import logging as stdlib_logging
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from common import logging
from common.logging import about, get_logger
from nouns import KEY
from pydantic import BaseModel, ValidationError

Line = dict[str, Any]
Lines = Callable[[], list[Line]]

SECRET = "my pin is 1234"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Set logging up; what is called returns the lines so far."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "utf-8", write_through=True))
    logging.set_up("analyzer")
    return lambda: [json.loads(line) for line in written.getvalue().decode().splitlines()]


def write_ours() -> None:
    """A fact of our own."""
    get_logger("callstream.stage").info("message.processed", outcome="completed")


def write_theirs() -> None:
    """A line of a library."""
    stdlib_logging.getLogger("library.part").warning("it is %s", "slow")


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (write_ours, {"level": "INFO", "name": "callstream.stage", "message": "message.processed"}),
        (write_theirs, {"level": "WARNING", "name": "library.part", "message": "it is slow"}),
    ],
    ids=["ours", "a library's"],
)
def test_a_line_has_one_shape(lines: Lines, write: Callable[[], None], expected: Line) -> None:
    """Timestamp, level, name, message, service and the ids of the call, whoever writes."""
    with about(call_id=KEY.call_id, tenant_id=KEY.tenant_id, stage="analyze", reason=None):
        write()

    (line,) = lines()
    bound = {"service": "analyzer", "call_id": "c-42", "tenant_id": "acme", "stage": "analyze"}
    assert expected | bound == {name: line[name] for name in expected | bound}
    assert "reason" not in line
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta(0)
    assert line["timestamp"].endswith("+00:00")


def test_what_is_bound_ends_with_its_block(lines: Lines) -> None:
    """The next message's lines do not carry this one's ids."""
    with about(call_id="c-42"):
        write_ours()
    write_ours()

    assert ["c-42", None] == [line.get("call_id") for line in lines()]


def fail() -> None:
    """Fail with a secret at hand."""
    heard = SECRET  # what a traceback with locals would show
    raise RuntimeError(f"{len(heard)} characters")


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "a library's"])
def test_a_traceback_shows_no_locals(lines: Lines, ours: bool) -> None:  # noqa: FBT001 - a case of the parameter
    """Type and place of a failure are logged, the values at hand are not."""
    try:
        fail()
    except RuntimeError:
        logger = get_logger("ours") if ours else stdlib_logging.getLogger("library")
        logger.exception("failed")

    (line,) = lines()
    assert "RuntimeError" == line["exception"][0]["exc_type"]
    assert "fail" == line["exception"][0]["frames"][-1]["name"]
    assert SECRET not in json.dumps(line)


def test_a_validation_error_is_logged_without_the_value(lines: Lines) -> None:
    """What pydantic refuses it quotes; it may be a caller's words."""

    class Strict(BaseModel):
        count: int

    try:
        Strict.model_validate({"count": SECRET})
    except ValidationError:
        stdlib_logging.getLogger("library").exception("refused")

    (line,) = lines()
    assert "ValidationError" == line["exception"][0]["exc_type"]
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize("name", ["botocore", "httpx2", "openai", "uvicorn.access"])
def test_chatty_libraries_are_quiet(lines: Lines, name: str) -> None:
    """A request a line is not worth a line."""
    stdlib_logging.getLogger(name).info("GET /")

    assert [] == lines()


def test_a_level_is_a_threshold(lines: Lines) -> None:
    """DEBUG is dropped at INFO, from us and from libraries."""
    get_logger("ours").debug("detail")
    stdlib_logging.getLogger("library").debug("detail")

    assert [] == lines()


def test_anything_can_be_logged(lines: Lines) -> None:
    """A value JSON does not know is written as text, not lost with its line."""
    get_logger("ours").info("odd", value=object, at=datetime(2026, 11, 22).astimezone())

    assert ["odd"] == [line["message"] for line in lines()]
