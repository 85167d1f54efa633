"""Single documents and bulks of them."""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from onebox.search.cluster import Cluster
from onebox.search.errors import Refused, illegal, not_offered, only
from onebox.search.index import Condition, Index, condition_of
from onebox.search.store import Kept

_WRITTEN = {"_shards": {"total": 1, "successful": 1, "failed": 0}, "_primary_term": 1}
_METADATA = {
    "_index",
    "_id",
    "routing",
    "if_seq_no",
    "if_primary_term",
    "version",
    "version_type",
    "retry_on_conflict",
}
_ACTIONS = {"index", "create", "update", "delete"}


def put(index: Index, document: str | None, source: Any, condition: Condition) -> tuple[int, dict[str, Any]]:
    """Write a whole document; return the HTTP status and the answer."""
    if not isinstance(source, dict):
        raise Refused(400, "mapper_parsing_exception", "failed to parse: a document must be an object")
    document = document or secrets.token_urlsafe(15)
    created = index.row(document) is None
    kept = index.put(document, source, condition)
    return (201 if created else 200), _written(index, kept, "created" if created else "updated")


def remove(index: Index, document: str, condition: Condition) -> tuple[int, dict[str, Any]]:
    """Remove a document; 404 if there was none."""
    before, sequence = index.remove(document, condition)
    version = before.version + 1 if before else 1
    gone = Kept(0, document, {}, version, sequence)
    return (200 if before else 404), _written(index, gone, "deleted" if before else "not_found")


def update(index: Index, document: str, body: Any, condition: Condition) -> tuple[int, dict[str, Any]]:
    """Merge a partial document into what is there; `doc_as_upsert` and `upsert` make a new one."""
    only(body, {"doc", "doc_as_upsert", "upsert", "detect_noop", "_source"}, "UpdateRequest")
    before = index.find(document)
    if before is None:
        fresh = body.get("doc") if body.get("doc_as_upsert") else body.get("upsert")
        if fresh is None:
            reason = f"[{document}]: document missing"
            raise Refused(404, "document_missing_exception", reason, index=index.name, shard="0")
        return put(index, document, fresh, Condition(create=True))
    if "doc" not in body:
        raise not_offered("an update without doc (by script)")
    merged = _merged(before.source, body["doc"])
    if merged == before.source and body.get("detect_noop", True):
        return 200, _written(index, before, "noop")
    return put(index, document, merged, condition)


def bulk(
    cluster: Cluster, lines: bytes, default_index: str | None, *, alias_only: bool = False
) -> dict[str, Any]:
    """Run a bulk: each action on its own, its error in its own item."""
    items = []
    for action, metadata, source in _actions(lines):
        name = metadata.get("_index", default_index)
        if name is None:
            raise Refused(400, "action_request_validation_exception", "Validation Failed: index is missing")
        try:
            status, answer = _run(cluster.written(name, alias_only=alias_only), action, metadata, source)
        except Refused as error:
            status, answer = error.status, {"_index": name, "_id": metadata.get("_id"), "error": error.cause}
        items.append({action: {**answer, "status": status}})
    failed = any("error" in answer for item in items for answer in item.values())
    return {"took": 1, "errors": failed, "items": items}


def shown(index: Index, kept: Kept) -> dict[str, Any]:
    """Return a document as GET answers it."""
    place = {"_index": index.name, "_id": kept.id, "_version": kept.version, "_seq_no": kept.sequence}
    return {**place, "_primary_term": 1, "found": True, "_source": kept.source}


def _run(index: Index, action: str, metadata: Mapping[str, Any], source: Any) -> tuple[int, dict[str, Any]]:
    condition = condition_of(metadata)
    index.require_routing(metadata.get("_id"), metadata)
    if action in {"index", "create"}:
        condition = condition if action == "index" else Condition(create=True)
        return put(index, metadata.get("_id"), source, condition)
    if "_id" not in metadata:
        raise Refused(400, "action_request_validation_exception", "Validation Failed: 1: id is missing;")
    if action == "update":
        return update(index, metadata["_id"], source, condition)
    return remove(index, metadata["_id"], condition)


def _actions(lines: bytes) -> Iterator[tuple[str, dict[str, Any], Any]]:
    rest = iter([line for line in lines.split(b"\n") if line.strip()])
    for line in rest:
        given = _json(line)
        if not isinstance(given, dict) or len(given) != 1 or next(iter(given)) not in _ACTIONS:
            raise illegal(f"Malformed action/metadata line, expected one of {sorted(_ACTIONS)}")
        action, metadata = next(iter(given.items()))
        only(metadata, _METADATA, f"bulk {action}")
        if action == "delete":
            yield action, metadata, None
            continue
        source = next(rest, None)
        if source is None:
            raise illegal("The bulk request must be terminated by a newline [\\n]")
        yield action, metadata, _json(source)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise Refused(400, "json_parse_exception", f"a line of the body is not JSON: {error}") from error


def _written(index: Index, kept: Kept, result: str) -> dict[str, Any]:
    place = {"_index": index.name, "_id": kept.id, "_version": kept.version, "result": result}
    return {**place, "_seq_no": kept.sequence, **_WRITTEN}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in new.items():
        inner = merged.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        merged[name] = _merged(inner, value) if both else value  # type: ignore[arg-type]  # both are dicts
    return merged
