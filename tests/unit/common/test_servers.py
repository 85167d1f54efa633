"""A test's server is the environment's, else a container's, else an embedded one; never a silent skip."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest
import servers
from containers import CONTAINERS, Containers
from docker.errors import DockerException
from servers import Kind, Servers


class StandInDocker:
    """A Docker daemon that answers, or not, and remembers what it ran."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.clients = 0
        self.running: list[StandInContainer] = []
        self.ran: list[StandInContainer] = []

    def connect(self) -> "StandInDocker":
        if not self.answers:
            raise DockerException("no daemon")
        self.clients += 1
        return self

    def ping(self) -> bool:
        return True

    def close(self) -> None:
        self.clients -= 1

    def container(self, image: str) -> "StandInContainer":
        return StandInContainer(self, image)


class StandInContainer:
    """What the testcontainers library shows of a container."""

    def __init__(self, daemon: StandInDocker, image: str) -> None:
        self.daemon, self.image = daemon, image
        self.port = 0
        self.env: dict[str, str] = {}
        self.command = ""

    def with_exposed_ports(self, port: int) -> "StandInContainer":
        self.port = port
        return self

    def with_envs(self, **env: str) -> "StandInContainer":
        self.env = env
        return self

    def with_command(self, command: str) -> "StandInContainer":
        self.command = command
        return self

    def waiting_for(self, _strategy: object) -> "StandInContainer":
        return self

    def get_container_host_ip(self) -> str:
        return "127.0.0.1"

    def get_exposed_port(self, port: int) -> int:
        assert port == self.port
        return 10_000 + port

    def __enter__(self) -> Self:
        self.daemon.running.append(self)
        self.daemon.ran.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.daemon.running.remove(self)


class Folder:
    """One folder for all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mktemp(self, basename: str) -> Path:
        return self._path / basename


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which embedded servers are open at the moment."""
    opened: list[str] = []

    def stand_in(name: str) -> Any:
        @asynccontextmanager
        async def running(folder: Path) -> AsyncIterator[str]:
            opened.append(name)
            yield f"embedded://{name}"
            opened.remove(name)

        return running

    aws = stand_in("aws")
    kinds = {"mongo": stand_in("mongo"), "sqs": aws, "s3": aws}
    monkeypatch.setattr(servers, "EMBEDDED", kinds)
    return opened


def opened(tmp_path: Path, environment: Mapping[str, str], daemon: StandInDocker) -> Iterator[Servers]:
    with Servers(environment, Containers(daemon.connect, daemon.container)).open(Folder(tmp_path)) as found:
        yield found


@pytest.fixture
def daemon() -> StandInDocker:
    return StandInDocker(answers=False)


@pytest.mark.parametrize(
    ("environment", "kind", "url", "by"),
    [
        ({"MONGODB_URI": "mongodb://db/"}, "mongo", "mongodb://db/", "as MONGODB_URI says"),
        ({"REDIS_ENDPOINT": "cache:1"}, "redis", "cache:1", "as REDIS_ENDPOINT says"),
        ({"OPENSEARCH_URL": "http://os"}, "search", "http://os", "as OPENSEARCH_URL says"),
        ({"AWS_ENDPOINT_URL": "http://aws"}, "sqs", "http://aws", "as AWS_ENDPOINT_URL says"),
        (
            {"AWS_ENDPOINT_URL": "http://aws", "AWS_ENDPOINT_URL_S3": "http://s3"},
            "s3",
            "http://s3",
            "as AWS_ENDPOINT_URL_S3 says",
        ),
    ],
    ids=["mongo", "redis", "search", "one for all of AWS", "one of its own"],
)
def test_a_named_server_is_used(
    tmp_path: Path, environment: dict[str, str], kind: Kind, url: str, by: str
) -> None:
    """The environment comes first, even where Docker answers."""
    daemon = StandInDocker(answers=True)
    for found in opened(tmp_path, environment, daemon):
        assert url == found(kind)
        assert [f"{kind}: {by}"] == found.report()

    assert [] == daemon.ran


@pytest.mark.parametrize("kind", CONTAINERS)
def test_where_docker_answers_a_container_is_run_and_removed(tmp_path: Path, kind: Kind) -> None:
    """One container a kind, for as long as the tests run."""
    daemon = StandInDocker(answers=True)
    recipe = CONTAINERS[kind]

    for found in opened(tmp_path, {}, daemon):
        assert recipe.url.format(host="127.0.0.1", port=10_000 + recipe.port) == found(kind) == found(kind)
        assert [(recipe.image, dict(recipe.env), recipe.command)] == [
            (one.image, one.env, one.command) for one in daemon.running
        ]
        assert [f"{kind}: container {recipe.image}"] == found.report()

    assert ([], 1, 0) == (daemon.running, len(daemon.ran), daemon.clients)


def test_without_docker_an_embedded_server_is_started_and_stopped(
    tmp_path: Path, embedded: list[str], daemon: StandInDocker
) -> None:
    """It lives as long as the tests do, in a loop of its own."""
    for found in opened(tmp_path, {}, daemon):
        assert "embedded://mongo" == found("mongo") == found("mongo")
        assert ["mongo"] == embedded
        assert ["mongo: embedded"] == found.report()

    assert [] == embedded


def test_one_process_serves_both_queues_and_objects(
    tmp_path: Path, embedded: list[str], daemon: StandInDocker
) -> None:
    """SQS and S3 are one embedded server."""
    for found in opened(tmp_path, {}, daemon):
        assert "embedded://aws" == found("sqs") == found("s3")
        assert ["aws"] == embedded


@pytest.mark.parametrize(
    ("kind", "variables"),
    [("mongo", "MONGODB_URI"), ("sqs", "AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL")],
    ids=["mongo", "sqs"],
)
def test_a_real_server_that_is_required_and_missing_is_a_failure(
    tmp_path: Path, daemon: StandInDocker, kind: Kind, variables: str
) -> None:
    """``make test-real`` names the variable to set."""
    for found in opened(tmp_path, {"REQUIRE_REAL": "1"}, daemon):
        with pytest.raises(pytest.fail.Exception, match=f"real {kind}: set {variables}"):
            found(kind)


def test_a_container_is_real(tmp_path: Path) -> None:
    """Where Docker answers, ``make test-real`` needs no variable."""
    for found in opened(tmp_path, {"REQUIRE_REAL": "1"}, StandInDocker(answers=True)):
        assert found("mongo").startswith("mongodb://127.0.0.1:")


def raise_if(full: bool) -> None:  # noqa: FBT001 - the answer to a question
    """A disk without room."""
    if full:
        raise OSError("no room on the disk")


def test_a_server_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, daemon: StandInDocker
) -> None:
    """The test that asked for it fails with the server's own error, and nothing hangs."""

    @asynccontextmanager
    async def broken(folder: Path) -> AsyncIterator[str]:
        raise_if(folder.name == "mongo")
        yield ""

    monkeypatch.setattr(servers, "EMBEDDED", {"mongo": broken})
    for found in opened(tmp_path, {}, daemon):
        with pytest.raises(OSError, match="no room"):
            found("mongo")
