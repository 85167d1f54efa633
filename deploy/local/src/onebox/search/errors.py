"""What the server refuses, in OpenSearch's own shape."""

from typing import Any


class Refused(Exception):
    """One request, or one item of a bulk, was refused; `kind` is OpenSearch's exception type."""

    def __init__(self, status: int, kind: str, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.cause = {"type": kind, "reason": reason, **details}

    def as_body(self) -> dict[str, Any]:
        """Answer a whole request with this error."""
        shards = self.cause.get("failed_shards", [{"reason": self.cause}])
        roots = [shard["reason"] for shard in shards]
        return {"error": {"root_cause": roots, **self.cause}, "status": self.status}


def illegal(reason: str) -> Refused:
    """Refuse an argument."""
    return Refused(400, "illegal_argument_exception", reason)


def failed_on_shard(kind: str, reason: str) -> Refused:
    """Refuse what only the fields of an index show to be wrong; OpenSearch reports it shard by shard."""
    failed = [{"shard": 0, "reason": {"type": kind, "reason": reason}}]
    details = {"phase": "query", "grouped": True, "failed_shards": failed}
    return Refused(400, "search_phase_execution_exception", "all shards failed", **details)


def unparsable(reason: str) -> Refused:
    """Refuse a body."""
    return Refused(400, "parsing_exception", reason)


def not_offered(what: str) -> Refused:
    """Say that the real server may know this and the stand-in does not."""
    return illegal(f"the one-machine OpenSearch stand-in does not offer {what}")


def no_such_index(name: str) -> Refused:
    """Say that there is no such index or alias."""
    kind, reason = "index_not_found_exception", f"no such index [{name}]"
    return Refused(404, kind, reason, index=name, **{"resource.id": name, "resource.type": "index_or_alias"})


def no_alias(name: str) -> Refused:
    """Say that a write demanded an alias and this is none."""
    flag = "[require_alias] request flag is [true]"
    reason = f"no such index [{name}] and {flag} and [{name}] is not an alias"
    return Refused(404, "index_not_found_exception", reason, index=name)


def only(given: Any, known: set[str], where: str) -> dict[str, Any]:
    """Return the object, sure to have no other keys than these."""
    if not isinstance(given, dict):
        raise unparsable(f"[{where}] must be an object, not {type(given).__name__}")
    if unknown := sorted(set(given) - known):
        raise unparsable(f"[{where}] unknown field [{unknown[0]}]")
    return given
