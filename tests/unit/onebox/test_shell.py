"""What another shell is told of a run: enough for pipelinectl, for its owner alone, as long as it holds."""

import shlex
from pathlib import Path

import pytest
from onebox.shell import STARTED, exports, forget_earlier, told_to_shells

STARTED_HERE = {"MONGODB_URI": "mongodb://127.0.0.1:4711/", "SQS_EMBED_QUEUE_URL": "http://sqs/e f"}
CHOSEN = {"REDIS_ENDPOINT": "cache:6379", "HOME": "/home/me", "GITHUB_TOKEN": "another's"}
ENTRY = {"API": "http://127.0.0.1:8000/api/v1", "CALLSTREAM_KEY": "cs_1"}


def read(text: str) -> dict[str, str]:
    """The variables, as a shell understands them."""
    words = [shlex.split(line)[1] for line in text.splitlines()]
    return {name: value for name, _, value in (word.partition("=") for word in words)}


@pytest.fixture
def told() -> dict[str, str]:
    return read(exports({**CHOSEN, **STARTED_HERE}, CHOSEN, ENTRY))


def test_a_shell_is_told_what_pipelinectl_reads_and_nothing_else(told: dict[str, str]) -> None:
    """What was started, what the caller chose of it, and how one comes in; all else they have is theirs."""
    started = told.pop(STARTED)

    assert {**STARTED_HERE, "REDIS_ENDPOINT": "cache:6379", **ENTRY} == told
    assert set(STARTED_HERE) == set(started.split())


def test_the_next_run_in_that_shell_takes_nothing_of_it_for_a_choice(told: dict[str, str]) -> None:
    """Servers that are gone are forgotten; those of the caller's own stay."""
    forget_earlier(told)

    assert {"REDIS_ENDPOINT": "cache:6379", **ENTRY} == told


def test_the_file_is_its_owners_alone_and_goes_with_the_run(tmp_path: Path) -> None:
    """A key is in it; so is nothing that works later."""
    file = tmp_path / "folder" / "env"
    with told_to_shells("export A=1\n", file):
        during = (file.read_text("utf-8"), file.stat().st_mode & 0o777)

    assert (("export A=1\n", 0o600), False) == (during, file.exists())


def test_a_run_leaves_the_file_of_another_alone(tmp_path: Path) -> None:
    """The newest is the one that a shell is told of."""
    file = tmp_path / "env"
    with told_to_shells("export A=1\n", file):
        with told_to_shells("export A=2\n", file):
            newest = file.read_text("utf-8")
        gone = file.exists()
        file.write_text("export A=3\n", encoding="utf-8")

    assert ("export A=2\n", False, "export A=3\n") == (newest, gone, file.read_text("utf-8"))
