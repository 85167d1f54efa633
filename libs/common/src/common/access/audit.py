"""Who asked for what, and when: rows that are written before the answer is given, and never changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime

from common.errors import raising
from common.instants import within
from common.model import Noun, TenantId
from common.store import MONGO_FAILURES

Action = Literal[
    "call.read",
    "transcript.read",
    "recording.read",
    "export",
    "search",
    "ask",
    "redo",
    "erase",
    "keys.list",
    "keys.create",
    "keys.revoke",
    "audit.read",
]

OPERATOR: Final = "pipelinectl"
"""Who it was when nobody passed the door."""


class Through(Noun):
    """What was looked through, by a search, a question or an export: names alone, never what they say."""

    filters: tuple[str, ...] = ()
    """By which filters it was narrowed."""
    calls: int = 0
    """How many calls were named; 0: none, so that all were looked through."""
    format: Literal["json", "csv"] | None = None
    """As what it was exported."""


class Deed(Noun):
    """What somebody asked for; names are ids (of a subject or a key), and nothing said is in here."""

    tenant_id: TenantId
    who: str
    via: str
    action: Action
    what: str | None = None
    """The id of the call, or of the key: of the one that was asked for."""
    through: Through | None = None
    """Of searches, questions and exports."""


class AuditRow(Deed):
    """A deed, and when it was."""

    at: datetime
    id: str


class Place(Noun):
    """A row's place in the list."""

    at: Annotated[AwareDatetime, AfterValidator(within)]
    id: str


class AuditLog:
    """The collection ``audit``: rows are inserted and read, and forgotten by MongoDB after *kept*."""

    def __init__(
        self, collection: Any, kept: timedelta, new_id: Callable[[], str] = lambda: uuid4().hex
    ) -> None:
        self._collection = collection
        self._kept = kept
        self._new_id = new_id

    async def note(self, deed: Deed, now: datetime) -> None:
        """Write it down.

        Raises:
            Transient: it cannot be written, so what was asked for must not be done.
        """
        with raising("writing the audit log", MONGO_FAILURES):
            times = {"at": now, "forgotten_at": now + self._kept}
            await self._collection.insert_one({"_id": self._new_id(), **times, **deed.model_dump()})

    async def newest(
        self, tenant_id: str, limit: int, *, call_id: str | None = None, after: Place | None = None
    ) -> list[AuditRow]:
        """A tenant's rows, newest first."""
        query: dict[str, Any] = {"tenant_id": tenant_id} | ({"what": call_id} if call_id else {})
        if after:
            query["$or"] = [{"at": {"$lt": after.at}}, {"at": after.at, "_id": {"$lt": after.id}}]
        with raising("reading the audit log", MONGO_FAILURES):
            rows = self._collection.find(query, None, sort=[("at", -1), ("_id", -1)], limit=limit)
            return [AuditRow.model_validate({**row, "id": row["_id"]}) async for row in rows]

    async def prepare(self) -> None:
        """Create the indexes of the queries above, and the one by which rows are forgotten."""
        with raising("creating an index", MONGO_FAILURES):
            await self._collection.create_index([("tenant_id", 1), ("at", -1), ("_id", -1)])
            await self._collection.create_index([("tenant_id", 1), ("what", 1), ("at", -1), ("_id", -1)])
            await self._collection.create_index("forgotten_at", expireAfterSeconds=0)
