"""Our clients of real or embedded servers; what a test creates there bears its name and is taken away."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.clients import open_mongo, open_opensearch, open_s3
from common.settings import AwsSettings, MongoSettings, OpenSearchSettings
from servers import Servers


@pytest.fixture
async def database(server: Servers, fresh: str) -> AsyncIterator[Any]:
    """A MongoDB database of this test's own."""
    settings = MongoSettings.model_validate({"mongodb_uri": server("mongo"), "mongodb_database": fresh})
    async with open_mongo(settings) as database:
        yield database
        await database.client.drop_database(fresh)


@pytest.fixture
async def s3(server: Servers) -> AsyncIterator[Any]:
    """An S3 client."""
    settings = AwsSettings.model_validate({"aws_region": "us-east-1", "aws_endpoint_url_s3": server("s3")})
    async with open_s3(settings) as s3:
        yield s3


@pytest.fixture
async def bucket(s3: Any, fresh: str) -> AsyncIterator[str]:
    """An S3 bucket of this test's own."""
    await s3.create_bucket(Bucket=fresh)
    yield fresh
    for row in (await s3.list_objects_v2(Bucket=fresh)).get("Contents", []):
        await s3.delete_object(Bucket=fresh, Key=row["Key"])
    await s3.delete_bucket(Bucket=fresh)


@pytest.fixture
async def search(server: Servers, fresh: str) -> AsyncIterator[Any]:
    """A search client; indexes that start with this test's name are its own."""
    settings = OpenSearchSettings.model_validate({"opensearch_url": server("search")})
    async with open_opensearch(settings, "us-east-1") as search:
        yield search
        await search.indices.delete(index=f"{fresh}-*", params={"ignore_unavailable": "true"})
