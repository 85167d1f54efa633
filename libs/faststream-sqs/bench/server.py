"""The fake SQS in a process of its own, and what can be asked of it there."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Server:
    """A running fake."""

    url: str

    def control(self, method: str, path: str, content: Any = None) -> Any:
        """One request to its control."""
        body = None if content is None else json.dumps(content).encode()
        request = Request(f"{self.url}/_fake/{path}", method=method, data=body)  # noqa: S310 - our own loopback
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def prepare(self, queues: Sequence[str], *, round_trip: float, visibility: int) -> None:
        """Only these queues, empty, and no counts."""
        self.control("DELETE", "queues")
        self.control("PUT", "round-trip", {"seconds": round_trip})
        for name in queues:
            self.control("POST", "queues", {"name": name, "attributes": {"VisibilityTimeout": visibility}})

    def put(self, queue: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Messages, without a request that counts."""
        self.control("POST", "messages", {"queue": queue, "entries": list(entries)})

    def held(self) -> int:
        """Messages in all queues."""
        return sum(int(queue["held"]) for queue in self.control("GET", "queues").values())

    def hidden(self) -> int:
        """Messages in flight."""
        return sum(int(queue["hidden"]) for queue in self.control("GET", "queues").values())

    def polls(self) -> list[float]:
        """The seconds each open receive has left, those included whose client is gone."""
        return list(self.control("GET", "polls"))

    def deliveries(self) -> Counter[str]:
        """What became of messages: stored, received_again, finished_again, late_deletes."""
        return sum((Counter(queue) for queue in self.control("GET", "deliveries").values()), Counter())

    def requests(self) -> dict[str, int]:
        """Requests since they were last forgotten, by action."""
        return dict(self.control("GET", "requests"))

    def forget_requests(self) -> None:
        """Count from nothing."""
        self.control("DELETE", "requests")


@contextmanager
def running_server() -> Iterator[Server]:
    """A fake while it is needed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "faststream_sqs.fake"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield Server(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(10)
