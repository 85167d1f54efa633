"""One request to the REST API, as its handlers read it."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from onebox.search.cluster import Cluster
from onebox.search.errors import Refused, only, unparsable
from onebox.search.index import Index

CLUSTER: web.AppKey[Cluster] = web.AppKey("cluster", Cluster)


class Request:
    """One request, its parameters checked and its body read."""

    def __init__(self, request: web.Request, raw: bytes) -> None:
        self.cluster = request.app[CLUSTER]
        self.method = request.method
        self.path = request.match_info
        self.parameters: Mapping[str, str] = request.query
        self.raw = raw

    def body(self, *, required: bool = False) -> dict[str, Any]:
        """Return the JSON body, an empty one if there is none."""
        if not self.raw.strip():
            if required:
                raise Refused(400, "parse_exception", "request body is required")
            return {}
        try:
            parsed = json.loads(self.raw)
        except ValueError as error:
            raise Refused(400, "json_parse_exception", f"the body is not JSON: {error}") from error
        return only(parsed, set(parsed), "body") if isinstance(parsed, dict) else _no_object()

    def index(self) -> Index:
        """Return the index of the path, or refuse."""
        return self.cluster.one(self.path["index"])


def _no_object() -> dict[str, Any]:
    raise unparsable("the body must be an object")
