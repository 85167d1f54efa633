"""What the MongoDB stand-in finds, projects and aggregates is what MongoDB would."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection

Collection = AsyncCollection[dict[str, Any]]
NOON = datetime(2026, 1, 2, 12)  # noqa: DTZ001 - BSON has no zones

FILTERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "equal": ({"n": 1}, [1]),
    "equal across number types": ({"n": 1.0}, [1]),
    "true is not one": ({"flag": 1}, []),
    "in an array": ({"tags": "x"}, [1, 2]),
    "a whole array": ({"tags": ["x"]}, [2]),
    "null or missing": ({"n": None}, [3, 4]),
    "exists": ({"n": {"$exists": True}}, [1, 2, 3]),
    "missing": ({"n": {"$exists": False}}, [4]),
    "range in one type": ({"n": {"$gte": 1, "$lt": 9}}, [1]),
    "not equal": ({"n": {"$ne": 1}}, [2, 3, 4]),
    "one of": ({"n": {"$in": [1, 9]}}, [1, 2]),
    "none of": ({"n": {"$nin": [1, 9]}}, [3, 4]),
    "nested": ({"who.name": "Ann"}, [1]),
    "nested in an array": ({"items.k": 2}, [2]),
    "one item with all": ({"items": {"$elemMatch": {"k": 1, "v": {"$gt": 5}}}}, [2]),
    "all of": ({"tags": {"$all": ["x", "y"]}}, [1]),
    "size": ({"tags": {"$size": 1}}, [2]),
    "pattern": ({"who.name": {"$regex": "^an", "$options": "i"}}, [1]),
    "or": ({"$or": [{"n": 1}, {"tags": ["x"]}]}, [1, 2]),
    "and with not": ({"$and": [{"tags": "x"}, {"n": {"$not": {"$gt": 5}}}]}, [1]),
    "nor": ({"$nor": [{"n": 1}, {"n": 9}]}, [3, 4]),
    "a date": ({"at": {"$lte": NOON}}, [1]),
}


DOCUMENTS: list[dict[str, Any]] = [
    {"_id": 1, "n": 1, "tags": ["x", "y"], "who": {"name": "Ann"}, "at": NOON, "flag": True},
    {"_id": 2, "n": 9, "tags": ["x"], "items": [{"k": 1, "v": 7}, {"k": 2, "v": 1}]},
    {"_id": 3, "n": None, "items": [{"k": 1, "v": 1}], "at": NOON + timedelta(hours=1)},
    {"_id": 4, "who": {"name": "Bo"}},
]


@pytest.mark.parametrize("case", FILTERS)
async def test_a_filter_finds_what_it_says(calls: Collection, case: str) -> None:
    """Every query operator finds the documents that MongoDB's manual says."""
    query, expected = FILTERS[case]
    await calls.insert_many(DOCUMENTS)

    assert expected == [found["_id"] async for found in calls.find(query).sort("_id", 1)]


async def test_a_long_answer_comes_in_batches(calls: Collection) -> None:
    """A cursor returns every document once and in order over many batches, with skip and limit."""
    await calls.insert_many([{"_id": i, "n": -i} for i in range(350)])

    every = [found["_id"] async for found in calls.find(batch_size=50).sort("n", 1)]
    some = [found["_id"] async for found in calls.find().sort("_id", 1).skip(100).limit(120)]

    assert ([*range(349, -1, -1)], [*range(100, 220)]) == (every, some)


async def test_projections(calls: Collection) -> None:
    """Inclusion and exclusion reach into documents and arrays."""
    await calls.insert_one({"_id": 1, "a": {"b": 1, "c": 2}, "list": [{"x": 1, "y": 2}], "z": 0})

    kept = await calls.find_one({}, {"a.b": 1, "list.x": 1})
    left = await calls.find_one({}, {"a.b": 0, "list": 0, "_id": 0})

    assert ({"_id": 1, "a": {"b": 1}, "list": [{"x": 1}]}, {"a": {"c": 2}, "z": 0}) == (kept, left)


async def test_an_aggregation_groups_and_orders(calls: Collection) -> None:
    """A pipeline matches, unwinds, groups, computes and sorts."""
    await calls.insert_many(
        [
            {"stage": "hear", "cost": 2, "tags": ["a", "b"]},
            {"stage": "hear", "cost": 4, "tags": ["a"]},
            {"stage": "read", "cost": 1, "tags": []},
        ]
    )

    costs = await calls.aggregate(
        [
            {"$match": {"cost": {"$gt": 0}}},
            {
                "$group": {
                    "_id": "$stage",
                    "cost": {"$sum": "$cost"},
                    "mean": {"$avg": "$cost"},
                    "n": {"$sum": 1},
                }
            },
            {"$project": {"_id": 0, "stage": "$_id", "cost": 1, "mean": 1, "n": 1}},
            {"$sort": {"stage": 1}},
        ]
    )
    tags = await calls.aggregate(
        [{"$unwind": "$tags"}, {"$group": {"_id": "$tags", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    )

    assert [
        {"stage": "hear", "cost": 6, "mean": 3.0, "n": 2},
        {"stage": "read", "cost": 1, "mean": 1.0, "n": 1},
    ] == await costs.to_list()
    assert [{"_id": "a", "n": 2}, {"_id": "b", "n": 1}] == await tags.to_list()


async def test_an_aggregation_by_day(calls: Collection) -> None:
    """Dates can be grouped by day."""
    await calls.insert_many(
        [{"at": NOON}, {"at": NOON + timedelta(hours=3)}, {"at": NOON + timedelta(days=1)}]
    )

    days = await calls.aggregate(
        [
            {"$group": {"_id": {"$dateTrunc": {"date": "$at", "unit": "day"}}, "n": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
    )

    midnight = NOON.replace(hour=0)
    expected = [{"_id": midnight, "n": 2}, {"_id": midnight + timedelta(days=1), "n": 1}]
    assert expected == await days.to_list()


async def test_distinct_and_counts(calls: Collection) -> None:
    """Distinct looks into arrays, and the counts agree."""
    await calls.insert_many([{"t": ["a", "b"]}, {"t": "b"}, {"u": 1}])

    counts = (await calls.count_documents({"t": "b"}), await calls.estimated_document_count())

    assert (["a", "b"], (2, 3)) == (sorted(await calls.distinct("t")), counts)
