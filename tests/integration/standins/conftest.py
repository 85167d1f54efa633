"""The stand-ins under test, and beside each the real server that the environment names."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from faststream_sqs.sessions import open_session
from onebox.servers import running_aws, running_mongo, running_redis, running_search
from opensearchpy import AsyncOpenSearch
from opensearchpy.helpers import async_bulk
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from redis import asyncio as redis_client
from types_aiobotocore_s3 import S3Client
from types_aiobotocore_sqs import SQSClient


def sides(*variables: str) -> list[str]:
    """The stand-in, and the real server where the environment names it."""
    return ["stand-in", *(["real"] if all(name in os.environ for name in variables) else [])]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standins")


@pytest.fixture
def name() -> str:
    """A name nobody else uses, for a database, an index, a queue or a bucket."""
    return f"standin-{secrets.token_hex(6)}"


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sides("MONGODB_URI"))
async def mongo_url(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[str]:
    if request.param == "real":
        yield os.environ["MONGODB_URI"]
        return
    async with running_mongo(folder / "mongo") as url:
        yield url


@pytest_asyncio.fixture
async def mongo(mongo_url: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url)
    async with client:
        yield client


@pytest_asyncio.fixture
async def calls(
    mongo: AsyncMongoClient[dict[str, Any]], name: str
) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    """An empty collection."""
    yield mongo[name]["calls"]
    await mongo.drop_database(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sides("OPENSEARCH_URL"))
async def search_url(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[str]:
    if request.param == "real":
        yield os.environ["OPENSEARCH_URL"]
        return
    async with running_search(folder / "search") as url:
        yield url


@pytest_asyncio.fixture
async def search(search_url: str) -> AsyncIterator[AsyncOpenSearch]:
    async with AsyncOpenSearch(search_url) as client:
        yield client


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", params=sides("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3")
)
async def aws_urls(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """The endpoints of SQS and S3."""
    if request.param == "real":
        yield os.environ["AWS_ENDPOINT_URL_SQS"], os.environ["AWS_ENDPOINT_URL_S3"]
        return
    async with running_aws(folder / "aws") as url:
        yield url, url


@pytest_asyncio.fixture
async def sqs(aws_urls: tuple[str, str]) -> AsyncIterator[SQSClient]:
    async with open_session().create_client("sqs", endpoint_url=aws_urls[0], **_LOGIN) as client:
        yield client


@pytest_asyncio.fixture
async def s3(aws_urls: tuple[str, str]) -> AsyncIterator[S3Client]:
    async with open_session().create_client("s3", endpoint_url=aws_urls[1], **_LOGIN) as client:
        yield client


_LOGIN: dict[str, Any] = {
    "region_name": os.environ.get("AWS_REGION", "us-east-1"),
    "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID", "test"),
    "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
}


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sides("REDIS_ENDPOINT"))
async def redis_url(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[str]:
    if request.param == "real":
        yield f"redis://{os.environ['REDIS_ENDPOINT']}/0"
        return
    async with running_redis(folder / "redis") as url:
        yield url


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[redis_client.Redis]:
    async with redis_client.from_url(redis_url, decode_responses=True) as client:
        yield client


MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "text": {"type": "text", "analyzer": "english"},
        "title": {"type": "text"},
        "call": {"type": "keyword"},
        "tenant": {"type": "keyword"},
        "number": {"type": "integer"},
        "started": {"type": "date"},
        "won": {"type": "boolean"},
        "vector": {
            "type": "knn_vector",
            "dimension": 3,
            "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
        },
    },
}

PASSAGES: dict[str, dict[str, Any]] = {
    "a": {
        "text": "The customer asked about pricing for fifty seats.",
        "title": "Pricing",
        "call": "one",
        "tenant": "t1",
        "number": 1,
        "started": "2026-01-01T09:00:00Z",
        "won": True,
        "vector": [1.0, 0.0, 0.0],
    },
    "b": {
        "text": "They compared our price with a competitor.",
        "title": "Competition",
        "call": "one",
        "tenant": "t1",
        "number": 2,
        "started": "2026-01-01T10:00:00Z",
        "won": True,
        "vector": [0.8, 0.6, 0.0],
    },
    "c": {
        "text": "Prices, prices and prices: nothing else was discussed.",
        "title": "Haggling",
        "call": "two",
        "tenant": "t2",
        "number": 3,
        "started": "2026-02-03T09:00:00Z",
        "won": False,
        "vector": [0.0, 1.0, 0.0],
    },
    "d": {
        "text": "A short call about the weather.",
        "title": "Small talk",
        "call": "three",
        "tenant": "t1",
        "number": 4,
        "started": "2026-02-04T09:00:00Z",
        "vector": [0.0, 0.0, 1.0],
    },
}


@pytest.fixture
def mappings() -> dict[str, Any]:
    """The mapping of the passages."""
    return MAPPINGS


@pytest.fixture
def passages() -> dict[str, Any]:
    """The passages of `index` by id."""
    return PASSAGES


@pytest_asyncio.fixture
async def index(search: AsyncOpenSearch, name: str) -> AsyncIterator[str]:
    """An index of four passages."""
    settings = {"index": {"knn": True, "number_of_shards": 1, "number_of_replicas": 0}}
    await search.indices.create(index=name, body={"settings": settings, "mappings": MAPPINGS})
    actions = [{"_index": name, "_id": each, "_source": source} for each, source in PASSAGES.items()]
    await async_bulk(search, actions, refresh=True)
    yield name
    await search.indices.delete(index=name)
