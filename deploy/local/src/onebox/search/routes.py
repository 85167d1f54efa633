"""The REST API: paths, parameters and the shape of every answer."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from onebox.search import documents
from onebox.search.cluster import Cluster
from onebox.search.errors import Refused, illegal, not_offered, only, unparsable
from onebox.search.hybrid import pipeline
from onebox.search.index import Index, condition_of
from onebox.search.mapping import Mappings
from onebox.search.query import evaluate
from onebox.search.request import CLUSTER, Request
from onebox.search.searching import SHARDS, search
from onebox.search.sources import selection

VERSION = "3.0.0"
_LARGEST_BODY = 100 * 1024 * 1024  # bytes, http.max_content_length of OpenSearch
_EVERY_REQUEST = {"pretty", "human", "error_trace"}
_WAITING = {"timeout", "master_timeout", "cluster_manager_timeout", "wait_for_active_shards"}
_WRITING = _WAITING | {
    "refresh",
    "routing",
    "require_alias",
    "op_type",
    "if_seq_no",
    "if_primary_term",
    "version",
    "version_type",
}
_CHOOSING = {"ignore_unavailable", "allow_no_indices", "expand_wildcards", "local", "flat_settings"}
_SEARCHING = {
    "search_pipeline",
    "routing",
    "from",
    "size",
    "track_total_hits",
    "timeout",
    "request_cache",
    "preference",
}
_GETTING = {"_source", "_source_includes", "_source_excludes", "routing"}
_DELETING = {"refresh", "conflicts", "timeout", "slices", "routing"}
_BULK = {"refresh", "timeout", "wait_for_active_shards", "require_alias"}
_GREEN = {"timed_out": False, "number_of_nodes": 1, "number_of_data_nodes": 1, "unassigned_shards": 0}

Answer = tuple[int, Any]
Handler = Callable[[Request], Answer]


def application(cluster: Cluster) -> web.Application:
    """Return the server's application."""
    app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_in_their_shape])
    app[CLUSTER] = cluster
    for method, path, handler, parameters in _ROUTES:
        app.router.add_route(method, path, _served(handler, parameters | _EVERY_REQUEST))
    return app


def _served(handler: Handler, known: set[str]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        if unknown := sorted(set(request.query) - known):
            raise illegal(f"request [{request.path}] contains unrecognized parameter: [{unknown[0]}]")
        if request.query.get("refresh", "true") not in {"", "true", "false", "wait_for"}:
            raise illegal(f"Unknown value for refresh: [{request.query['refresh']}].")
        asked = Request(request, await request.read())
        try:
            status, answer = handler(asked)
        finally:
            asked.cluster.store.commit()
        return web.json_response(answer, status=status)

    return serve


@web.middleware
async def _in_their_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give every error OpenSearch's shape, so that clients raise what they would in production."""
    try:
        return await handler(request)
    except Refused as error:
        return web.json_response(error.as_body(), status=error.status)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        reason = f"no handler found for uri [{request.path_qs}] and method [{request.method}]"
        return web.json_response({"error": reason, "status": 400}, status=400)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        request.app.logger.exception("a request could not be understood")
        refused = unparsable(f"malformed request: {type(error).__name__}: {error}")
        return web.json_response(refused.as_body(), status=refused.status)


def _info(_: Request) -> Answer:
    version = {"distribution": "opensearch", "number": VERSION, "build_type": "onebox stand-in"}
    return 200, {"name": "onebox", "cluster_name": "onebox", "version": version}


def _health(request: Request) -> Answer:
    count = len(request.cluster.indices)
    return 200, {"cluster_name": "onebox", "status": "green", **_GREEN, "active_shards": count}


def _create_index(request: Request) -> Answer:
    name = request.path["index"]
    request.cluster.create(name, request.body())
    return 200, {"acknowledged": True, "shards_acknowledged": True, "index": name}


def _delete_index(request: Request) -> Answer:
    request.cluster.delete(request.path["index"])
    return 200, {"acknowledged": True}


def _described(request: Request, *parts: str) -> Answer:
    def describe(index: Index) -> dict[str, Any]:
        settings = {**index.settings, "provided_name": index.name}
        whole = {
            "aliases": {alias: {} for alias in request.cluster.aliases(index.name)},
            "mappings": index.mappings.body,
            "settings": {"index": {name: _as_setting(value) for name, value in settings.items()}},
        }
        return {part: whole[part] for part in parts}

    found = request.cluster.matching(request.path.get("index", "*"))
    return 200, {index.name: describe(index) for index in found}


def _as_setting(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put_mapping(request: Request) -> Answer:
    index, body = request.index(), request.body(required=True)
    only(body, {"properties", "dynamic"}, "mapping")
    merged = index.mappings.extended(body.get("properties", {}))
    if "dynamic" in body:
        merged = Mappings({**merged.body, "dynamic": body["dynamic"]})
    index.map(merged)
    request.cluster.store.put_index(index.name, index.body())
    return 200, {"acknowledged": True}


def _get_alias(request: Request) -> Answer:
    wanted, name = request.path.get("alias"), request.path.get("index", "*")
    found: dict[str, Any] = {
        index.name: {"aliases": {alias: {} for alias in request.cluster.aliases(index.name)}}
        for index in request.cluster.matching(name)
    }
    if wanted is None:
        return 200, found
    having: dict[str, Any] = {
        name: {"aliases": {wanted: {}}} for name, has in found.items() if wanted in has["aliases"]
    }
    return (200, having) if having else (404, {"error": f"alias [{wanted}] missing", "status": 404})


def _put_alias(request: Request) -> Answer:
    if request.body():
        raise not_offered("aliases with a filter, a routing or a write index")
    request.cluster.add_alias(request.index().name, request.path["alias"])
    return 200, {"acknowledged": True}


def _delete_alias(request: Request) -> Answer:
    request.cluster.remove_alias(request.index().name, request.path["alias"])
    return 200, {"acknowledged": True}


def _change_aliases(request: Request) -> Answer:
    """Change aliases all together or not at all."""
    try:
        for action in only(request.body(required=True), {"actions"}, "aliases")["actions"]:
            kind, options = next(iter(only(action, {"add", "remove"}, "aliases action").items()))
            only(options, {"index", "alias"}, kind)
            change = request.cluster.add_alias if kind == "add" else request.cluster.remove_alias
            change(options["index"], options["alias"])
    except Refused:
        request.cluster.store.rollback()
        raise
    return 200, {"acknowledged": True}


def _put_document(request: Request) -> Answer:
    options = dict(request.parameters)
    index = request.cluster.written(request.path["index"], alias_only=options.get("require_alias") == "true")
    index.require_routing(request.path.get("id"), options)
    if request.path.get("create"):
        options["op_type"] = "create"
    return documents.put(index, request.path.get("id"), request.body(required=True), condition_of(options))


def _get_document(request: Request) -> Answer:
    index, document = request.index(), request.path["id"]
    index.require_routing(document, request.parameters)
    kept = index.find(document)
    if kept is None:
        return 404, {"_index": index.name, "_id": document, "found": False}
    shown = documents.shown(index, kept)
    source = selection(_source_parameters(request.parameters))(shown.pop("_source"))
    return 200, shown | ({} if source is None else {"_source": source})


def _source_parameters(parameters: Mapping[str, str]) -> Any:
    whole = parameters.get("_source", "true")
    if whole in {"true", "false"}:
        lists = {name: parameters.get(f"_source_{name}", "") for name in ("includes", "excludes")}
        given = {name: names.split(",") for name, names in lists.items() if names}
        return given or whole == "true"
    return whole.split(",")


def _delete_document(request: Request) -> Answer:
    index = request.index()
    index.require_routing(request.path["id"], request.parameters)
    return documents.remove(index, request.path["id"], condition_of(request.parameters))


def _update_document(request: Request) -> Answer:
    condition = condition_of(request.parameters)
    index = request.cluster.written(
        request.path["index"], alias_only=request.parameters.get("require_alias") == "true"
    )
    return documents.update(index, request.path["id"], request.body(required=True), condition)


def _bulk(request: Request) -> Answer:
    alias_only = request.parameters.get("require_alias") == "true"
    return 200, documents.bulk(request.cluster, request.raw, request.path.get("index"), alias_only=alias_only)


def _mget(request: Request) -> Answer:
    docs = only(request.body(required=True), {"docs"}, "mget")["docs"]
    return 200, {"docs": [_one_got(request, only(doc, {"_id", "routing"}, "mget")) for doc in docs]}


def _one_got(request: Request, doc: dict[str, Any]) -> dict[str, Any]:
    place = {"_index": request.path["index"], "_id": doc["_id"]}
    try:
        index = request.index()
        index.require_routing(doc["_id"], doc)
    except Refused as error:
        return {**place, "error": error.as_body()["error"]}
    kept = index.find(doc["_id"])
    return documents.shown(index, kept) if kept else {**place, "_index": index.name, "found": False}


def _search(request: Request) -> Answer:
    return 200, _searched(request, request.index(), request.body(), dict(request.parameters))


def _searched(request: Request, index: Index, body: dict[str, Any], options: dict[str, str]) -> Any:
    numbers: dict[str, Any] = {name: int(options[name]) for name in ("from", "size") if name in options}
    body |= numbers
    if "track_total_hits" in options:
        tracked = options["track_total_hits"]
        body["track_total_hits"] = tracked == "true" if tracked in {"true", "false"} else int(tracked)
    chosen = options.get("search_pipeline", body.get("search_pipeline"))
    return search(index, body, request.cluster.pipeline(index, chosen))


def _msearch(request: Request) -> Answer:
    lines = [json.loads(line) for line in request.raw.split(b"\n") if line.strip()]
    answers = [_one_of_several(request, *pair) for pair in zip(lines[::2], lines[1::2], strict=True)]
    return 200, {"took": 1, "responses": answers}


def _one_of_several(request: Request, header: Any, body: Any) -> dict[str, Any]:
    only(header, {"index", "search_pipeline", "routing", "preference", "request_cache"}, "msearch")
    try:
        index = request.cluster.one(header.get("index", request.path.get("index", "")))
    except Refused as error:
        return error.as_body()
    return {**_searched(request, index, body, dict(header)), "status": 200}


def _count(request: Request) -> Answer:
    query = only(request.body(), {"query"}, "count").get("query", {"match_all": {}})
    return 200, {"count": len(evaluate(request.index(), query)), "_shards": SHARDS}


def _delete_by_query(request: Request) -> Answer:
    index = request.index()
    rows = evaluate(index, only(request.body(required=True), {"query"}, "delete_by_query")["query"])
    found = index.store.rows(rows)
    for kept in found:
        index.remove(kept.id, condition_of({}))
    counts = {"total": len(found), "deleted": len(found), "batches": 1, "version_conflicts": 0, "noops": 0}
    return 200, {"took": 1, "timed_out": False, **counts, "failures": []}


def _refresh(request: Request) -> Answer:
    """Nothing to do: every write is visible at once."""
    list(request.cluster.matching(request.path.get("index", "*")))
    return 200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}


def _put_pipeline(request: Request) -> Answer:
    body = request.body(required=True)
    pipeline(body)
    request.cluster.store.put_pipeline(request.path["name"], body)
    return 200, {"acknowledged": True}


def _get_pipeline(request: Request) -> Answer:
    known, name = request.cluster.store.pipelines(), request.path.get("name")
    found = known if name is None else {name: known[name]} if name in known else {}
    return (404 if name and not found else 200), found


def _delete_pipeline(request: Request) -> Answer:
    name = request.path["name"]
    if name not in request.cluster.store.pipelines():
        raise Refused(404, "resource_not_found_exception", f"pipeline [{name}] is missing")
    request.cluster.store.remove_pipeline(name)
    return 200, {"acknowledged": True}


_INDEX = "/{index:[^_/][^/]*}"
_ROUTES: list[tuple[str, str, Handler, set[str]]] = [
    ("GET", "/", _info, set()),
    ("HEAD", "/", _info, set()),
    ("GET", "/_cluster/health", _health, _WAITING | {"wait_for_status", "level", "local"}),
    ("POST", "/_bulk", _bulk, _BULK),
    ("POST", "/_msearch", _msearch, {"max_concurrent_searches"}),
    ("POST", "/_refresh", _refresh, _CHOOSING),
    ("POST", "/_aliases", _change_aliases, _WAITING),
    ("GET", "/_alias", _get_alias, _CHOOSING),
    ("GET", "/_alias/{alias}", _get_alias, _CHOOSING),
    ("HEAD", "/_alias/{alias}", _get_alias, _CHOOSING),
    ("GET", "/_search/pipeline", _get_pipeline, _WAITING),
    ("GET", "/_search/pipeline/{name}", _get_pipeline, _WAITING),
    ("PUT", "/_search/pipeline/{name}", _put_pipeline, _WAITING),
    ("DELETE", "/_search/pipeline/{name}", _delete_pipeline, _WAITING),
    ("PUT", _INDEX, _create_index, _WAITING),
    ("DELETE", _INDEX, _delete_index, _WAITING | _CHOOSING),
    ("GET", _INDEX, lambda asked: _described(asked, "aliases", "mappings", "settings"), _CHOOSING),
    ("HEAD", _INDEX, lambda asked: _described(asked, "aliases"), _CHOOSING),
    ("GET", f"{_INDEX}/_mapping", lambda asked: _described(asked, "mappings"), _CHOOSING),
    ("PUT", f"{_INDEX}/_mapping", _put_mapping, _WAITING | _CHOOSING),
    ("GET", f"{_INDEX}/_settings", lambda asked: _described(asked, "settings"), _CHOOSING),
    ("GET", f"{_INDEX}/_alias", _get_alias, _CHOOSING),
    ("GET", f"{_INDEX}/_alias/{{alias}}", _get_alias, _CHOOSING),
    ("HEAD", f"{_INDEX}/_alias/{{alias}}", _get_alias, _CHOOSING),
    ("PUT", f"{_INDEX}/_alias/{{alias}}", _put_alias, _WAITING),
    ("DELETE", f"{_INDEX}/_alias/{{alias}}", _delete_alias, _WAITING),
    ("POST", f"{_INDEX}/_doc", _put_document, _WRITING),
    ("PUT", f"{_INDEX}/_doc/{{id}}", _put_document, _WRITING),
    ("POST", f"{_INDEX}/_doc/{{id}}", _put_document, _WRITING),
    ("PUT", f"{_INDEX}/{{create:_create}}/{{id}}", _put_document, _WRITING),
    ("POST", f"{_INDEX}/{{create:_create}}/{{id}}", _put_document, _WRITING),
    ("GET", f"{_INDEX}/_doc/{{id}}", _get_document, _GETTING),
    ("HEAD", f"{_INDEX}/_doc/{{id}}", _get_document, _GETTING),
    ("DELETE", f"{_INDEX}/_doc/{{id}}", _delete_document, _WRITING),
    ("POST", f"{_INDEX}/_update/{{id}}", _update_document, _WRITING | {"retry_on_conflict"}),
    ("POST", f"{_INDEX}/_bulk", _bulk, _BULK),
    ("POST", f"{_INDEX}/_mget", _mget, {"realtime", "preference"}),
    ("POST", f"{_INDEX}/_search", _search, _SEARCHING),
    ("GET", f"{_INDEX}/_search", _search, _SEARCHING),
    ("POST", f"{_INDEX}/_msearch", _msearch, {"max_concurrent_searches"}),
    ("POST", f"{_INDEX}/_count", _count, _CHOOSING | {"routing"}),
    ("GET", f"{_INDEX}/_count", _count, _CHOOSING | {"routing"}),
    ("POST", f"{_INDEX}/_delete_by_query", _delete_by_query, _DELETING),
    ("POST", f"{_INDEX}/_refresh", _refresh, _CHOOSING),
]
