"""The API as its committed description has it: every operation, and what it takes to ask for it."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ingest.page.policy import HEADERS, HSTS

DESCRIBED = Path(__file__).parents[1] / "services" / "ingest" / "openapi.json"
PREFIX = "/api/v1"
# What every answer of this server has, or one that another origin's page may read.
OF_TRANSPORT = re.compile(
    r"access-control-.*|allow|connection|content-length|content-type|date|server|transfer-encoding"
)
OF_ALL = {name.lower() for name in (*HEADERS, *HSTS)}
METHODS = {"get", "post", "put", "patch", "delete"}

# Bodies that a generator could not guess.
BODIES: dict[str, Any] = {
    "/ask": {"question": "What is wrong?"},
    "/keys": {"label": "x", "scopes": ["keys"]},
    "/uploads": {"filename": "call.wav", "size_bytes": 100},
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


def undeclared(method: str, path: str, status: int, headers: Iterable[tuple[str, str]]) -> set[str]:
    """Which of the *headers* of an answer its description does not know; nothing of what has none."""
    answer = _answer(_document(), method.lower(), path, str(status))
    if answer is None:
        return set()
    known = {name.lower() for name in answer.get("headers", {})} | OF_ALL
    # Of pages of other origins, as all that CORS adds.
    sent = {name.lower() for name, value in headers if (name.lower(), value) != ("vary", "Origin")}
    return {name for name in sent - known if not OF_TRANSPORT.fullmatch(name)}


@cache
def _document() -> Any:
    return json.loads(DESCRIBED.read_text("utf-8"))


def _answer(document: Any, method: str, path: str, status: str) -> Any:
    """As it is described; of several paths that fit, the one with the fewest parameters."""
    for template in sorted(document["paths"], key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) and method in document["paths"][template]:
            return document["paths"][template][method]["responses"].get(status)
    return None


def operations() -> list[Operation]:
    """All of them."""
    return list(_operations(_document()))


def _operations(document: Any) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in sorted(METHODS & item.keys()):
            needed = [scheme["bearer"] for scheme in item[method].get("security", ()) if "bearer" in scheme]
            scope = next(iter(needed[0]), None) if needed else None
            yield Operation(method.upper(), path.removeprefix(PREFIX), scope, open=not needed)
