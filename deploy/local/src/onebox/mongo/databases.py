"""All collections of the server, as they are found, made and dropped, and read back from the journal."""

from collections.abc import Iterator
from datetime import datetime

from bson import decode

from onebox.mongo.collection import Collection
from onebox.mongo.errors import Refused
from onebox.mongo.journal import Journal


class Databases:
    """Collections by namespace, `database.collection`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._collections = {namespace: Collection(namespace, journal) for namespace in journal.collections()}
        for namespace, raw in journal.indexes():
            self._collections[namespace].create_index(decode(raw))
        for namespace, raw in journal.documents():
            self._collections[namespace].load(raw, decode(raw))

    def find(self, database: str, name: str) -> Collection | None:
        """Return the collection if it exists."""
        return self._collections.get(f"{database}.{name}")

    def read(self, database: str, name: str) -> Collection:
        """Return the collection, an unlisted empty one if there is none."""
        return self.find(database, name) or Collection(f"{database}.{name}", self._journal)

    def write(self, database: str, name: str) -> Collection:
        """Return the collection, made now if there is none."""
        namespace = f"{database}.{name}"
        if namespace not in self._collections:
            if not name or "$" in name or name.startswith("system."):
                raise Refused("InvalidNamespace", f"Invalid namespace specified '{namespace}'")
            self._journal.create(namespace)
            self._collections[namespace] = Collection(namespace, self._journal)
        return self._collections[namespace]

    def drop(self, database: str, name: str) -> None:
        """Drop a collection."""
        self._journal.drop(f"{database}.{name}")
        del self._collections[f"{database}.{name}"]

    def names(self) -> list[str]:
        """Return the names of the databases."""
        return sorted({namespace.split(".", 1)[0] for namespace in self._collections})

    def collections(self, database: str) -> Iterator[str]:
        """Yield the names of a database's collections."""
        for namespace in sorted(self._collections):
            if namespace.startswith(f"{database}."):
                yield namespace.removeprefix(f"{database}.")

    def expire(self, now: datetime) -> None:
        """Remove what TTL indexes let go."""
        for collection in self._collections.values():
            collection.expire(now)
        self._journal.commit()
