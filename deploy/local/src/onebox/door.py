"""The API from outside, as any client uses it: hand in a call, ask after it, search."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

PREFIX = "/api/v1"
TERMINAL = frozenset({"completed", "failed"})


class Refused(Exception):
    """The API answered with a problem; the text is its own."""


class Door:
    """The API of one running stack."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def hand_in(self, recording: Path, **metadata: str) -> str:
        """Upload a recording; return its call id."""
        with recording.open("rb") as file:
            answer = await self._client.post(
                f"{PREFIX}/calls/upload", files={"file": (recording.name, file)}, data=metadata
            )
        return str(_body(answer)["call_id"])

    async def call(self, call_id: str) -> dict[str, Any]:
        """All there is to know about a call."""
        return _body(await self._client.get(f"{PREFIX}/calls/{call_id}"))

    async def search(self, words: str, limit: int = 3, **filters: str) -> list[dict[str, Any]]:
        """What was said about it: the best passages of the best calls."""
        answer = await self.ask("search", q=words, limit=str(limit), **filters)
        return [hit for call in answer["calls"] for hit in call["hits"]]

    async def ask(self, about: str, **filters: str) -> dict[str, Any]:
        """What ``/search``, ``/insights``, ``/findings`` or ``/costs`` answers."""
        return _body(await self._client.get(f"{PREFIX}/{about}", params=filters))

    async def question(self, text: str, **more: Any) -> dict[str, Any]:
        """What was said, in sentences that cite it."""
        return _body(await self._client.post(f"{PREFIX}/ask", json={"question": text, **more}))


@asynccontextmanager
async def open_door(url: str, key: str | None = None) -> AsyncIterator[Door]:
    """A client of the API at *url*, with a key where it asks for one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(base_url=url, timeout=60, headers=headers) as client:
        yield Door(client)


def _body(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        raise Refused(f"{answer.status_code} {body.get('title', '')}: {body.get('detail', '')}")
    return body
