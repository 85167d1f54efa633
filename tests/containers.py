"""Real servers in containers, where Docker answers."""

import gc
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import PortWaitStrategy, WaitStrategy

PATIENCE = 120  # seconds, once the image is there


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to run a server, and the URL a client reaches it by."""

    image: str
    port: int
    url: str
    env: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


CONTAINERS: Mapping[str, Recipe] = {
    "mongo": Recipe("mongo:8", 27017, "mongodb://{host}:{port}/"),
    "redis": Recipe("valkey/valkey:8", 6379, "redis://{host}:{port}/0"),
    "search": Recipe(
        "opensearchproject/opensearch:3.6.0",
        9200,
        "http://{host}:{port}",
        {
            "discovery.type": "single-node",
            "DISABLE_SECURITY_PLUGIN": "true",
            "OPENSEARCH_JAVA_OPTS": "-Xms512m -Xmx512m",
        },
    ),
    "sqs": Recipe("softwaremill/elasticmq-native:1.7.1", 9324, "http://{host}:{port}"),
    "s3": Recipe(
        "versity/versitygw:v1.8.0",
        7070,
        "http://{host}:{port}",
        {"ROOT_ACCESS_KEY": "test", "ROOT_SECRET_KEY": "test"},
        "--port :7070 posix /tmp",
    ),
}


class Containers:
    """Containers of one Docker daemon; *connect* opens a client or raises DockerException."""

    def __init__(
        self, connect: Callable[[], Any] = docker.from_env, container: Callable[..., Any] = DockerContainer
    ) -> None:
        self._connect = connect
        self._container = container
        self._answers: bool | None = None

    def answer(self) -> bool:
        """Whether Docker answers; asked once."""
        if self._answers is None:
            with warnings.catch_warnings():
                # Where there is no daemon, the client leaves the socket it tried unclosed.
                warnings.simplefilter("ignore", ResourceWarning)
                self._answers = self._ping()
                gc.collect()
        return self._answers

    @contextmanager
    def running(self, recipe: Recipe) -> Iterator[str]:
        """Run a server until the block ends; yield its URL."""
        container = self._container(recipe.image).with_exposed_ports(recipe.port).with_envs(**recipe.env)
        if recipe.command:
            container = container.with_command(recipe.command)
        with container.waiting_for(_listening(recipe.port)) as started:
            host, port = started.get_container_host_ip(), started.get_exposed_port(recipe.port)
            yield recipe.url.format(host=host, port=port)

    def _ping(self) -> bool:
        try:
            client = self._connect()
        except DockerException:
            return False
        try:
            return bool(client.ping())
        except DockerException:
            return False
        finally:
            client.close()


def _listening(port: int) -> WaitStrategy:
    return PortWaitStrategy(port).with_startup_timeout(PATIENCE)
