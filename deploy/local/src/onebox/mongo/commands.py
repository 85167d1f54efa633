"""The commands a driver sends, each answered from the collections; an unknown one or field is refused."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bson import Binary, encode
from bson.raw_bson import RawBSONDocument

from onebox.mongo import writes
from onebox.mongo.aggregate import pipeline
from onebox.mongo.collection import ID_INDEX, MAX_DOCUMENT, Collection
from onebox.mongo.cursors import Cursors
from onebox.mongo.databases import Databases
from onebox.mongo.errors import Refused, not_offered
from onebox.mongo.projection import projection
from onebox.mongo.query import matcher
from onebox.mongo.values import Document, expanded, order, reached

_log = logging.getLogger("onebox.mongo")
MAX_MESSAGE = 48_000_000  # bytes
_VERSION = "7.0.0"
_WIRE_VERSION = 21  # of the MongoDB version above
_EVERY_COMMAND = {
    *("$db", "lsid", "$clusterTime", "$readPreference", "readConcern", "writeConcern", "maxTimeMS"),
    *("comment", "apiVersion", "apiStrict", "apiDeprecationErrors", "bypassDocumentValidation"),
}
Reply = dict[str, Any]
Command = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Commands:
    """`clock` tells the time in UTC without a zone, as BSON has it; `ticks` counts seconds."""

    databases: Databases
    clock: Callable[[], datetime]
    ticks: Callable[[], float]
    cursors: Cursors = field(default_factory=Cursors)

    def answer(self, command: Command) -> Reply:
        """Run one command; an error is an answer too."""
        try:
            return _known(command)(self, command)
        except Refused as error:
            return error.as_reply()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            _log.exception("the command %s could not be understood", next(iter(command)))
            return Refused("FailedToParse", f"malformed command: {type(error).__name__}: {error}").as_reply()

    def sweep(self) -> None:
        """Remove expired documents and forgotten cursors."""
        self.databases.expire(self.clock())
        self.cursors.expire(self.ticks())

    def _readable(self, command: Command) -> Collection:
        collection = self.databases.read(command["$db"], command[next(iter(command))])
        _refuse_unknown_hint(collection, command.get("hint"))
        return collection

    def _writable(self, command: Command) -> Collection:
        return self.databases.write(command["$db"], command[next(iter(command))])

    def _existing(self, command: Command) -> Collection:
        collection = self.databases.find(command["$db"], command[next(iter(command))])
        if collection is None:
            raise Refused("NamespaceNotFound", "ns not found")
        return collection

    def _cursor(self, namespace: str, found: Any, size: int | None) -> Reply:
        return self.cursors.start(namespace, found, size, self.ticks())

    def hello(self, command: Command) -> Reply:
        """Say what the server can do; no sessions, so drivers use neither them nor retryable writes."""
        writable = "ismaster" if next(iter(command)).lower() == "ismaster" else "isWritablePrimary"
        limits = {"maxBsonObjectSize": MAX_DOCUMENT, "maxMessageSizeBytes": MAX_MESSAGE}
        versions = {"minWireVersion": 0, "maxWireVersion": _WIRE_VERSION, "maxWriteBatchSize": 100_000}
        server = {"helloOk": True, writable: True, "localTime": self.clock(), "readOnly": False}
        return {**server, **limits, **versions, "ok": 1.0}

    def ping(self, _: Command) -> Reply:
        """Answer."""
        return {"ok": 1.0}

    def build_info(self, _: Command) -> Reply:
        """Say which MongoDB this stands in for."""
        numbers = [*(int(part) for part in _VERSION.split(".")), 0]
        return {"version": _VERSION, "versionArray": numbers, "modules": ["onebox stand-in"], "ok": 1.0}

    def server_status(self, _: Command) -> Reply:
        """Say who this is."""
        return {"version": _VERSION, "process": "onebox.mongo", "localTime": self.clock(), "ok": 1.0}

    def insert(self, command: Command) -> Reply:
        """Add documents."""
        ordered = command.get("ordered", True)
        return writes.insert(self._writable(command), command["documents"], ordered=ordered)

    def update(self, command: Command) -> Reply:
        """Change documents."""
        ordered = command.get("ordered", True)
        return writes.update(self._writable(command), command["updates"], self.clock(), ordered=ordered)

    def delete(self, command: Command) -> Reply:
        """Remove documents."""
        ordered = command.get("ordered", True)
        return writes.delete(self._readable(command), command["deletes"], ordered=ordered)

    def find_and_modify(self, command: Command) -> Reply:
        """Change one document and return it."""
        upsert = command.get("upsert")
        collection = self._writable(command) if upsert else self._readable(command)
        return writes.find_and_modify(collection, command, self.clock())

    def find(self, command: Command) -> Reply:
        """Return the first documents that match, and a cursor to the others."""
        collection = self._readable(command)
        skip, limit = command.get("skip", 0), command.get("limit", 0)
        found = list(collection.find(command.get("filter", {}), command.get("sort")))[skip:]
        found = found[: abs(limit)] if limit else found
        raw = [each.raw for each in found]
        if wanted := command.get("projection"):
            select = projection(wanted)
            raw = [_raw(select(each.document)) for each in found]
        size = len(raw) if command.get("singleBatch") or limit < 0 else command.get("batchSize")
        return self._cursor(collection.namespace, raw, size)

    def get_more(self, command: Command) -> Reply:
        """Return the next documents of a cursor."""
        return self.cursors.more(command["getMore"], command.get("batchSize"), self.ticks())

    def kill_cursors(self, command: Command) -> Reply:
        """Close cursors."""
        return self.cursors.close(command["cursors"])

    def aggregate(self, command: Command) -> Reply:
        """Run a pipeline; a leading $match uses the indexes."""
        collection = self._readable(command)
        stages = list(command["pipeline"])
        query = stages.pop(0)["$match"] if stages and "$match" in stages[0] else {}
        run = pipeline(stages)
        found = collection.find(query)
        if not stages:
            raw = [each.raw for each in found]
        else:
            raw = [_raw(document) for document in run([each.document for each in found])]
        return self._cursor(collection.namespace, raw, command.get("cursor", {}).get("batchSize"))

    def count(self, command: Command) -> Reply:
        """Count what matches."""
        collection = self._readable(command)
        query = command.get("query")
        found = sum(1 for _ in collection.find(query)) if query else len(collection)
        left = max(found - command.get("skip", 0), 0)
        return {"n": min(left, command.get("limit") or left), "ok": 1.0}

    def distinct(self, command: Command) -> Reply:
        """Return the different values of a field."""
        path = command["key"].split(".")
        values: dict[Any, Any] = {}
        for each in self._readable(command).find(command.get("query") or {}):
            reach = list(reached(each.document, path))
            items = [item for item in expanded(reach) if not isinstance(item, list)]
            values |= {order(item): item for item in items if repr(item) != "MISSING"}
        return {"values": list(values.values()), "ok": 1.0}

    def create_indexes(self, command: Command) -> Reply:
        """Build indexes."""
        created = self.databases.find(command["$db"], command["createIndexes"]) is None
        collection = self._writable(command)
        before = len(collection.indexes) + 1
        for spec in command["indexes"]:
            collection.create_index(spec)
        counts = {"numIndexesBefore": before, "numIndexesAfter": len(collection.indexes) + 1}
        return {**counts, "createdCollectionAutomatically": created, "ok": 1.0}

    def list_indexes(self, command: Command) -> Reply:
        """Return the specifications of the indexes."""
        collection = self._existing(command)
        specs = [ID_INDEX, *(index.spec for index in collection.indexes.values())]
        return self._cursor(collection.namespace, [_raw(dict(spec)) for spec in specs], None)

    def drop_indexes(self, command: Command) -> Reply:
        """Forget indexes by name, by key, or all with `*`."""
        collection, wanted = self._existing(command), command["index"]
        before = len(collection.indexes) + 1
        for name in _index_names(collection, wanted):
            collection.drop_index(name)
        return {"nIndexesWas": before, "ok": 1.0}

    def create(self, command: Command) -> Reply:
        """Make an empty collection."""
        if self.databases.find(command["$db"], command["create"]) is not None:
            raise Refused("NamespaceExists", f"Collection {command['create']} already exists.")
        self._writable(command)
        return {"ok": 1.0}

    def drop(self, command: Command) -> Reply:
        """Drop a collection."""
        collection = self._existing(command)
        self.databases.drop(command["$db"], command["drop"])
        return {"nIndexesWas": len(collection.indexes) + 1, "ns": collection.namespace, "ok": 1.0}

    def drop_database(self, command: Command) -> Reply:
        """Drop all collections of a database."""
        for name in list(self.databases.collections(command["$db"])):
            self.databases.drop(command["$db"], name)
        return {"dropped": command["$db"], "ok": 1.0}

    def list_collections(self, command: Command) -> Reply:
        """Return the collections of a database."""
        database = command["$db"]
        wanted = matcher(command.get("filter", {}))
        found = [_description(database, name) for name in self.databases.collections(database)]
        raw = [_raw(each) for each in found if wanted(each)]
        return self._cursor(f"{database}.$cmd.listCollections", raw, len(raw))

    def list_databases(self, command: Command) -> Reply:
        """Return the databases."""
        wanted = matcher(command.get("filter", {}))
        found = [{"name": name, "sizeOnDisk": 0, "empty": False} for name in self.databases.names()]
        return {"databases": [each for each in found if wanted(each)], "totalSize": 0, "ok": 1.0}


def _known(command: Command) -> Callable[[Commands, Command], Reply]:
    name = next(iter(command))
    if name not in _COMMANDS:
        raise Refused("CommandNotFound", f"no such command: '{name}'")
    run, fields = _COMMANDS[name]
    unknown = set(command) - {name} - _EVERY_COMMAND - fields
    if unknown and name not in _GREETINGS:  # each driver adds fields of its own to its greeting
        raise Refused("UnknownField", f"BSON field '{name}.{min(unknown)}' is an unknown field.")
    return run


def _raw(document: Document) -> RawBSONDocument:
    return RawBSONDocument(encode(document))


def _description(database: str, name: str) -> Document:
    uuid = Binary.from_uuid(uuid5(NAMESPACE_URL, f"mongodb:{database}.{name}"))
    info = {"readOnly": False, "uuid": uuid}
    return {"name": name, "type": "collection", "options": {}, "info": info, "idIndex": dict(ID_INDEX)}


def _index_names(collection: Collection, wanted: Any) -> list[str]:
    if wanted == "*":
        return list(collection.indexes)
    if isinstance(wanted, dict):
        same = [name for name, index in collection.indexes.items() if index.spec["key"] == wanted]
        return same or [str(wanted)]
    return wanted if isinstance(wanted, list) else [wanted]


def _refuse_unknown_hint(collection: Collection, hint: Any) -> None:
    """A hint changes no result, but a misspelt one must not go unseen."""
    if hint in (None, {}, "_id_", {"_id": 1}):
        return
    known = any(hint in (name, index.spec["key"]) for name, index in collection.indexes.items())
    if not known:
        raise Refused("BadValue", "hint provided does not correspond to an existing index")


def _transaction(_: Commands, command: Command) -> Reply:
    raise not_offered(f"transactions ({next(iter(command))})")


_GREETINGS = {"hello", "ismaster", "isMaster"}
_COMMANDS: dict[str, tuple[Callable[[Commands, Command], Reply], set[str]]] = {
    "hello": (Commands.hello, set()),
    "ismaster": (Commands.hello, set()),
    "isMaster": (Commands.hello, set()),
    "ping": (Commands.ping, set()),
    "buildInfo": (Commands.build_info, set()),
    "buildinfo": (Commands.build_info, set()),
    "serverStatus": (Commands.server_status, set()),
    "endSessions": (Commands.ping, set()),
    "insert": (Commands.insert, {"documents", "ordered"}),
    "update": (Commands.update, {"updates", "ordered"}),
    "delete": (Commands.delete, {"deletes", "ordered"}),
    "findAndModify": (
        Commands.find_and_modify,
        {"query", "sort", "remove", "update", "new", "fields", "upsert", "arrayFilters", "hint"},
    ),
    "find": (
        Commands.find,
        {"filter", "projection", "sort", "skip", "limit", "batchSize", "singleBatch", "hint"}
        | {"noCursorTimeout", "allowDiskUse", "allowPartialResults"},
    ),
    "getMore": (Commands.get_more, {"collection", "batchSize"}),
    "killCursors": (Commands.kill_cursors, {"cursors"}),
    "aggregate": (Commands.aggregate, {"pipeline", "cursor", "allowDiskUse", "hint"}),
    "count": (Commands.count, {"query", "skip", "limit", "hint"}),
    "distinct": (Commands.distinct, {"key", "query", "hint"}),
    "createIndexes": (Commands.create_indexes, {"indexes", "commitQuorum"}),
    "listIndexes": (Commands.list_indexes, {"cursor"}),
    "dropIndexes": (Commands.drop_indexes, {"index"}),
    "create": (Commands.create, set()),
    "drop": (Commands.drop, set()),
    "dropDatabase": (Commands.drop_database, set()),
    "listCollections": (Commands.list_collections, {"filter", "nameOnly", "cursor", "authorizedCollections"}),
    "listDatabases": (Commands.list_databases, {"filter", "nameOnly", "authorizedDatabases"}),
    "commitTransaction": (_transaction, {"txnNumber", "autocommit"}),
    "abortTransaction": (_transaction, {"txnNumber", "autocommit"}),
}
