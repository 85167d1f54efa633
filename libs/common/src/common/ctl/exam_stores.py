"""Examine MongoDB, Redis and OpenSearch: reachable, ours to write, prepared, encrypted, which version."""

from typing import Any

from opensearchpy.exceptions import NotFoundError, OpenSearchException, TransportError
from pymongo.errors import OperationFailure, PyMongoError
from redis.exceptions import AuthenticationError, RedisError

from common.clients import open_mongo, open_opensearch, open_redis
from common.ctl.findings import Finding, encryption, ok, wrong
from common.index import HYBRID
from common.settings import MongoSettings, OpenSearchSettings, RedisSettings

NOBODY = {"_id": "nobody"}
"""Matches no document: asking to change it needs the right to write, and writes nothing."""

PREPARE = "start the services once, or run pipelinectl bootstrap"


async def mongo(settings: MongoSettings) -> list[Finding]:
    """The database every stage writes its journal to."""
    uri = settings.mongodb_uri.get_secret_value()
    encrypted = uri.startswith("mongodb+srv:") or "tls=true" in uri or "ssl=true" in uri
    tls = encryption("mongodb", uri, encrypted=encrypted)
    async with open_mongo(settings) as database:
        try:
            version = (await database.command("buildInfo"))["version"]
            await database["journal"].update_one(NOBODY, {"$set": {"rank": 0}})
            prepared = len(await database["journal"].index_information()) > 1
        except OperationFailure as error:
            told = "access is denied" if error.code in {13, 18} else f"refused with code {error.code}"
            return [wrong("mongodb", told, "check MONGODB_URI's user and its rights"), tls]
        except PyMongoError as error:
            return [_unreachable("mongodb", "MONGODB_URI", error), tls]
    indexes = (
        ok("mongodb.indexes", "there")
        if prepared
        else wrong("mongodb.indexes", "missing", PREPARE, state="warn")
    )
    return [ok("mongodb", f"version {version}, writable"), indexes, tls]


async def redis(settings: RedisSettings) -> list[Finding]:
    """Rate limits and caches: without it everything else still works."""
    tls = encryption("redis", settings.redis_url, encrypted=settings.redis_url.startswith("rediss:"))
    async with open_redis(settings) as client:
        try:
            about: dict[str, Any] = await client.info("server")
        except AuthenticationError:
            return [wrong("redis", "access is denied", "check REDIS_ENDPOINT's password"), tls]
        except (RedisError, OSError) as error:
            return [_unreachable("redis", "REDIS_ENDPOINT", error), tls]
    return [ok("redis", f"version {about.get('valkey_version') or about.get('redis_version')}"), tls]


async def search(settings: OpenSearchSettings, region: str) -> list[Finding]:
    """Where chunks are searched, and the pipeline by which rankings are fused."""
    url = settings.opensearch_url.get_secret_value()
    tls = encryption("opensearch", url, encrypted=url.startswith("https:"))
    async with open_opensearch(settings, region) as client:
        try:
            version = (await client.info())["version"]["number"]
            pipeline = await _pipeline(client)
        except TransportError as error:
            if error.status_code in {401, 403}:
                told = "access is denied"
                return [wrong("opensearch", told, "check OPENSEARCH_URL's user and OPENSEARCH_AUTH"), tls]
            return [_unreachable("opensearch", "OPENSEARCH_URL", error), tls]
        except OpenSearchException as error:
            return [_unreachable("opensearch", "OPENSEARCH_URL", error), tls]
    return [ok("opensearch", f"version {version}"), pipeline, tls]


async def _pipeline(client: Any) -> Finding:
    try:
        await client.transport.perform_request("GET", f"/_search/pipeline/{HYBRID}")
    except NotFoundError:
        told = "missing: nothing was indexed yet"
        return wrong("opensearch.pipeline", told, PREPARE, state="warn")
    return ok("opensearch.pipeline", "there")


def _unreachable(check: str, variable: str, error: Exception) -> Finding:
    return wrong(check, f"does not answer ({type(error).__name__})", f"check {variable} and the network")
