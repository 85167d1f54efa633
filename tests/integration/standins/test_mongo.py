"""The MongoDB stand-in answers as MongoDB does, and says so loudly where it cannot."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from onebox.mongo.databases import Databases
from onebox.mongo.journal import Journal
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, ReturnDocument, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

Collection = AsyncCollection[dict[str, Any]]
Client = AsyncMongoClient[dict[str, Any]]
NOON = datetime(2026, 1, 2, 12)  # BSON has no zones  # noqa: DTZ001

UPDATES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "set a nested field": (
        {"a": {"x": 1}},
        {},
        {"$set": {"a.y": 2, "b.c": 3}},
        {"a": {"x": 1, "y": 2}, "b": {"c": 3}},
    ),
    "set an item": ({"a": [1, 2, 3]}, {}, {"$set": {"a.1": 9}}, {"a": [1, 9, 3]}),
    "set in an item": ({"a": [{"b": 1}]}, {}, {"$set": {"a.0.b": 2}}, {"a": [{"b": 2}]}),
    "grow an array": ({"a": [1]}, {}, {"$set": {"a.3": 4}}, {"a": [1, None, None, 4]}),
    "unset": ({"a": 1, "b": {"c": 1, "d": 2}}, {}, {"$unset": {"a": "", "b.c": ""}}, {"b": {"d": 2}}),
    "increment": ({"n": 1}, {}, {"$inc": {"n": 2, "m.k": 5}}, {"n": 3, "m": {"k": 5}}),
    "multiply": ({"n": 3}, {}, {"$mul": {"n": 2, "m": 4}}, {"n": 6, "m": 0}),
    "keep the larger": (
        {"n": 3, "m": 3},
        {},
        {"$max": {"n": 2, "m": 7, "new": 1}},
        {"n": 3, "m": 7, "new": 1},
    ),
    "keep the smaller": ({"n": 3}, {}, {"$min": {"n": 2}}, {"n": 2}),
    "rename": ({"a": 1}, {}, {"$rename": {"a": "b"}}, {"b": 1}),
    "push": ({"a": [1]}, {}, {"$push": {"a": 2, "b": {"x": 1}}}, {"a": [1, 2], "b": [{"x": 1}]}),
    "push several, sorted and cut": (
        {"a": [5, 1]},
        {},
        {"$push": {"a": {"$each": [3, 4], "$sort": 1, "$slice": -3}}},
        {"a": [3, 4, 5]},
    ),
    "push in front": ({"a": [3]}, {}, {"$push": {"a": {"$each": [1, 2], "$position": 0}}}, {"a": [1, 2, 3]}),
    "add to a set": ({"a": [1]}, {}, {"$addToSet": {"a": {"$each": [1, 2]}}}, {"a": [1, 2]}),
    "pull values": ({"a": [1, 2, 3, 2]}, {}, {"$pull": {"a": 2}}, {"a": [1, 3]}),
    "pull by condition": ({"a": [1, 5, 9]}, {}, {"$pull": {"a": {"$gte": 5}}}, {"a": [1]}),
    "pull documents": (
        {"a": [{"k": 1, "v": 1}, {"k": 2, "v": 1}]},
        {},
        {"$pull": {"a": {"k": 2}}},
        {"a": [{"k": 1, "v": 1}]},
    ),
    "pop": ({"a": [1, 2, 3]}, {}, {"$pop": {"a": -1}}, {"a": [2, 3]}),
    "the item that matched": (
        {"a": [{"k": 1, "n": 0}, {"k": 2, "n": 0}]},
        {"a.k": 2},
        {"$inc": {"a.$.n": 1}},
        {"a": [{"k": 1, "n": 0}, {"k": 2, "n": 1}]},
    ),
    "the item that matched several conditions": (
        {"a": [{"k": 1, "n": 0}, {"k": 1, "n": 5}]},
        {"a": {"$elemMatch": {"k": 1, "n": 5}}},
        {"$set": {"a.$.n": 6}},
        {"a": [{"k": 1, "n": 0}, {"k": 1, "n": 6}]},
    ),
    "every item": ({"a": [{"n": 1}, {"n": 2}]}, {}, {"$inc": {"a.$[].n": 1}}, {"a": [{"n": 2}, {"n": 3}]}),
    "insert-only fields": ({"a": 1}, {}, {"$setOnInsert": {"b": 1}, "$set": {"a": 2}}, {"a": 2}),
}


@pytest.mark.parametrize("case", UPDATES)
async def test_an_update_changes_what_it_says(calls: Collection, case: str) -> None:
    """Every update operator changes the document as MongoDB's manual says, and nothing else."""
    before, query, change, after = UPDATES[case]
    await calls.insert_one({"_id": 1, **before})

    result = await calls.update_one({"_id": 1, **query}, change)

    assert (1, {"_id": 1, **after}) == (result.matched_count, await calls.find_one({}))


async def test_array_filters_choose_items(calls: Collection) -> None:
    """An array filter changes exactly the items it matches."""
    await calls.insert_one({"_id": 1, "a": [{"k": 1, "n": 0}, {"k": 2, "n": 0}, {"k": 3, "n": 0}]})

    await calls.update_one({"_id": 1}, {"$set": {"a.$[big].n": 1}}, array_filters=[{"big.k": {"$gte": 2}}])

    assert {"_id": 1, "a": [{"k": 1, "n": 0}, {"k": 2, "n": 1}, {"k": 3, "n": 1}]} == await calls.find_one({})


async def test_an_upsert_starts_with_the_filter(calls: Collection) -> None:
    """An upsert makes a document of the filter's equalities, $setOnInsert and the operators."""
    change = {"$setOnInsert": {"made": NOON}, "$inc": {"n": 1}, "$push": {"log": "new"}, "$max": {"top": 3}}

    made = await calls.find_one_and_update(
        {"_id": "w", "who.name": "Ann"}, change, upsert=True, return_document=ReturnDocument.AFTER
    )

    expected = {"_id": "w", "who": {"name": "Ann"}, "made": NOON, "n": 1, "log": ["new"], "top": 3}
    assert expected == made


async def test_find_one_and_update_takes_the_first_in_order(calls: Collection) -> None:
    """A claim takes the first document in order and returns the projected fields, before or after."""
    await calls.insert_many([{"_id": i, "state": "new", "due": due} for i, due in enumerate([3, 1, 2])])

    taken = await calls.find_one_and_update(
        {"state": "new"},
        {"$set": {"state": "taken", "by": "me"}},
        sort=[("due", ASCENDING)],
        projection={"by": 1},
        return_document=ReturnDocument.AFTER,
    )
    before = await calls.find_one_and_update(
        {"state": "new"}, {"$set": {"state": "taken"}}, sort=[("due", DESCENDING)]
    )

    assert ({"_id": 1, "by": "me"}, {"_id": 0, "state": "new", "due": 3}) == (taken, before)


async def test_claims_are_never_shared(calls: Collection) -> None:
    """Fifty workers claiming at once get fifty different documents."""
    await calls.insert_many([{"_id": i, "state": "new"} for i in range(50)])

    async def claim() -> Any:
        return await calls.find_one_and_update({"state": "new"}, {"$set": {"state": "taken"}})

    taken = await asyncio.gather(*(claim() for _ in range(60)))

    assert [*range(50)] == sorted(found["_id"] for found in taken if found)


async def test_a_duplicate_id_is_refused(calls: Collection) -> None:
    """A second document with the same _id is error 11000 and names the key."""
    await calls.insert_one({"_id": "a"})

    with pytest.raises(DuplicateKeyError) as refused:
        await calls.insert_one({"_id": "a"})

    assert (11000, {"_id": "a"}) == (
        refused.value.code,
        (refused.value.details or {}).get("keyValue", {"_id": "a"}),
    )


async def test_a_compound_unique_index_holds(calls: Collection) -> None:
    """A compound unique index refuses the same pair by insert and by update, and takes another."""
    await calls.create_index([("call", 1), ("revision", 1)], unique=True)
    await calls.insert_many([{"_id": 1, "call": "c", "revision": 1}, {"_id": 2, "call": "c", "revision": 2}])

    with pytest.raises(DuplicateKeyError):
        await calls.insert_one({"call": "c", "revision": 2})
    with pytest.raises(DuplicateKeyError):
        await calls.update_one({"_id": 1}, {"$set": {"revision": 2}})

    assert [1, 2] == sorted([found["revision"] async for found in calls.find()])


async def test_a_partial_unique_index_holds_only_where_it_applies(calls: Collection) -> None:
    """A partial unique index refuses duplicates among the documents its filter covers only."""
    await calls.create_index("key", unique=True, partialFilterExpression={"open": True})
    await calls.insert_many([{"key": 1, "open": True}, {"key": 1, "open": False}, {"key": 1, "open": False}])

    with pytest.raises(DuplicateKeyError):
        await calls.insert_one({"key": 1, "open": True})

    assert 3 == await calls.count_documents({})


async def test_an_unordered_insert_goes_on(calls: Collection) -> None:
    """An unordered insert_many keeps all but the documents that fail, and names those."""
    await calls.insert_one({"_id": 2})

    with pytest.raises(BulkWriteError) as refused:
        await calls.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3}], ordered=False)

    errors = refused.value.details["writeErrors"]
    assert ([(1, 11000)], 3) == (
        [(each["index"], each["code"]) for each in errors],
        await calls.count_documents({}),
    )


async def test_a_bulk_write_counts(calls: Collection) -> None:
    """A bulk of updates reports what matched, changed and was added."""
    await calls.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 2}])

    result = await calls.bulk_write(
        [
            UpdateOne({"_id": 1}, {"$set": {"n": 5}}),
            UpdateOne({"_id": 2}, {"$set": {"n": 2}}),
            UpdateOne({"_id": 3}, {"$set": {"n": 3}}, upsert=True),
        ]
    )

    assert (2, 1, {2: 3}) == (result.matched_count, result.modified_count, result.upserted_ids)


async def test_replace_and_delete(calls: Collection) -> None:
    """A replacement keeps only the _id, and delete_many takes all that match."""
    await calls.insert_many([{"_id": 1, "a": 1, "old": True}, {"_id": 2, "a": 1}, {"_id": 3, "a": 2}])

    await calls.replace_one({"_id": 1}, {"a": 3})
    deleted = await calls.delete_many({"a": {"$lt": 3}})

    assert (2, [{"_id": 1, "a": 3}]) == (deleted.deleted_count, await calls.find().to_list())


async def test_indexes_are_listed_and_dropped(calls: Collection) -> None:
    """An index can be made twice, is listed by its name, and can be dropped."""
    for _ in range(2):
        await calls.create_index([("a", 1), ("b", -1)], name="a_and_b")
    listed = sorted(await calls.index_information())
    await calls.drop_index("a_and_b")

    assert (["_id_", "a_and_b"], ["_id_"]) == (listed, sorted(await calls.index_information()))


async def test_collections_are_listed(mongo: Client, calls: Collection) -> None:
    """A collection appears with its first document and goes when dropped."""
    await calls.insert_one({})
    there = await calls.database.list_collection_names()
    await calls.drop()

    assert (["calls"], []) == (there, await calls.database.list_collection_names())


@pytest.mark.parametrize(
    "change",
    [
        {"$set": {"a": 1, "a.b": 2}},
        {"$inc": {"word": 1}},
        {"$push": {"word": 1}},
        {"$bogus": {"a": 1}},
        {"$set": {"_id": 9}},
    ],
)
async def test_a_wrong_update_is_refused_and_changes_nothing(
    calls: Collection, change: dict[str, Any]
) -> None:
    """An update that makes no sense is an error, and the document stays as it was."""
    await calls.insert_one({"_id": 1, "word": "w"})

    with pytest.raises(OperationFailure):
        await calls.update_one({"_id": 1}, change)

    assert {"_id": 1, "word": "w"} == await calls.find_one({})


@pytest.mark.parametrize("command", [{"noSuchCommand": 1}, {"find": "calls", "filter": {"a": {"$bogus": 1}}}])
async def test_what_is_not_known_is_refused(mongo: Client, name: str, command: dict[str, Any]) -> None:
    """An unknown command or operator is an error, never an empty answer."""
    await mongo[name]["calls"].insert_one({"a": 1})

    with pytest.raises(OperationFailure):
        await mongo[name].command(command)
    await mongo.drop_database(name)


async def test_motor_works_too(mongo_url: str, name: str) -> None:
    """Motor reads its own writes over many connections."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongo_url, maxPoolSize=60)
    numbers = client[name]["numbers"]

    await asyncio.gather(
        *(numbers.update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=i == 0) for i in range(1))
    )
    await asyncio.gather(*(numbers.update_one({"_id": 1}, {"$inc": {"n": 1}}) for _ in range(100)))
    found = await numbers.find_one({"_id": 1})
    await client.drop_database(name)
    client.close()

    assert {"_id": 1, "n": 101} == found


def test_the_journal_remembers(tmp_path: Any) -> None:
    """Documents in order, indexes and empty collections come back; expired documents go at the sweep."""
    with Journal(tmp_path / "mongo.sqlite") as journal:
        collection = Databases(journal).write("db", "calls")
        collection.create_index({"key": {"at": 1}, "name": "at_1", "expireAfterSeconds": 60})
        for number in (2, 1):
            collection.insert({"_id": number, "at": NOON + timedelta(hours=number)})

    with Journal(tmp_path / "mongo.sqlite") as journal:
        again = Databases(journal)
        found = [each.document["_id"] for each in again.read("db", "calls").find({})]
        again.expire(NOON + timedelta(hours=1, minutes=2))
        left = [each.document["_id"] for each in again.read("db", "calls").find({})]

    assert ([2, 1], [2]) == (found, left)
