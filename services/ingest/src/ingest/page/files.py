"""The page's built files, as they are committed; a path that is nobody's is one of the page's views."""

import os
import re
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from common.model import ObjectRef
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from ingest.page.policy import for_page, origin

BUILT: Final = Path(__file__).parent / "static"
FOREVER: Final = "public, max-age=31536000, immutable"
_HASHED: Final = re.compile(r"-[A-Z0-9]{8}\.\w+$")  # app-3F9KQ2XA.js, as esbuild names them


class Assets(StaticFiles):
    """Files whose name holds a hash of their content never change."""

    path = "/static/{file}"  # access lines and metrics read it, as they read a route's

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file."""
        scope["route"] = self
        return await super().get_response(path, scope)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Say how long it may be kept."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = _HASHED.search(os.fspath(full_path))
        response.headers["Cache-Control"] = FOREVER if hashed else "no-cache"
        return response


class Views:
    """What answers where no route does: browsers are shown the page, all others that nothing is here."""

    path = "/{view}"

    def __init__(self, index: Path, buckets: Iterable[str], *, not_ours: tuple[str, ...]) -> None:
        self._index = index.read_bytes()
        self._buckets = tuple(buckets)
        self._not_ours = not_ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Show the page, whose script knows its views."""
        if not self._shows(scope):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        scope["route"] = self
        # No validator: installers give every file one time, and each build's index has the same size.
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": for_page(await self._stores(scope)),
        }
        await HTMLResponse(self._index, headers=headers)(scope, receive, send)

    def _shows(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            return False
        path: str = scope["path"]
        return path == "/" or (self._is_view(path) and "text/html" in Headers(scope=scope).get("accept", ""))

    def _is_view(self, path: str) -> bool:
        return not f"{path}/".startswith(self._not_ours) and "." not in path.rpartition("/")[2]

    async def _stores(self, scope: Scope) -> list[str]:
        """Where recordings are, as presigned addresses have it: so policy and addresses cannot differ."""
        recordings: Any = scope["app"].state.opened["recordings"]
        refs = [ObjectRef(bucket=bucket, key="any") for bucket in self._buckets]
        return [origin(await recordings.presign(ref, 1)) for ref in refs]
