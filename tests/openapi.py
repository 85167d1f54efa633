"""The API as its committed description has it: every operation, and what it takes to ask for it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DESCRIBED = Path(__file__).parents[1] / "services" / "ingest" / "openapi.json"
PREFIX = "/api/v1"
METHODS = {"get", "post", "put", "patch", "delete"}

# Bodies that a generator could not guess.
BODIES: dict[str, Any] = {
    "/ask": {"question": "What is wrong?"},
    "/keys": {"label": "x", "scopes": ["keys"]},
    "/uploads": {"filename": "call.wav", "size": 100},
    "/uploads/{upload_id}/complete": {"parts": [{"number": 1, "etag": '"0123456789abcdef0123456789abcdef"'}]},
}
QUERIES: dict[str, dict[str, str]] = {
    "/calls/{call_id}/redo": {"from": "embed"},
    "/search": {"q": "slow"},
}
NUMBERS = {"before": "1", "after": "1"}


@dataclass(frozen=True)
class Operation:
    """One method of one path; *scope* is what it needs, None where it is *open* or for all who are known."""

    method: str
    path: str
    scope: str | None
    open: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names(self) -> list[str]:
        """Its path's parameters."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    @property
    def of_one(self) -> bool:
        """Whether it is about one thing that somebody owns."""
        return bool(set(self.names) - NUMBERS.keys())

    def request(self, identifier: str) -> dict[str, Any]:
        """How it is asked for, about the thing of that id."""
        named = {name: NUMBERS.get(name, identifier) for name in self.names}
        more = {"json": BODIES[self.path]} if self.path in BODIES and self.method != "GET" else {}
        url = f"{PREFIX}{self.path.format(**named)}"
        return {"method": self.method, "url": url, "params": QUERIES.get(self.path, {}), **more}


def operations() -> list[Operation]:
    """All of them."""
    return list(_operations(json.loads(DESCRIBED.read_text("utf-8"))))


def _operations(document: Any) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in sorted(METHODS & item.keys()):
            needed = [scheme["bearer"] for scheme in item[method].get("security", ()) if "bearer" in scheme]
            scope = next(iter(needed[0]), None) if needed else None
            yield Operation(method.upper(), path.removeprefix(PREFIX), scope, open=not needed)
