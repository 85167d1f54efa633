"""What a client is told when something is wrong: RFC 9457 problem details."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is not what the client hoped for; *detail* names the cause and the remedy."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.content = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            **more,
        }

    def json(self) -> str:
        """The problem as its media type has it."""
        return json.dumps(self.content, ensure_ascii=False)

    def response(self) -> Response:
        """The problem as an HTTP answer."""
        return Response(self.json().encode(), self.status, self.headers, MEDIA_TYPE)


def too_large(largest: int) -> Problem:
    """The body or the file in it passes the limit."""
    return Problem(
        413,
        f"A recording may have at most {largest} bytes (MAX_UPLOAD_BYTES);"
        " a larger one is handed in by parts: POST /uploads.",
    )


def too_many(wait: int, setting: str) -> Problem:
    """The client has asked as often as *setting* lets it; *wait* is in seconds."""
    return Problem(
        429, f"Too many requests; try again in {wait} s ({setting}).", headers={"Retry-After": str(wait)}
    )
