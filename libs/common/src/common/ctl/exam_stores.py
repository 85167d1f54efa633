"""Examine MongoDB, Redis and OpenSearch: reachable, ours to write, prepared, encrypted, which version."""

import time
from collections.abc import Sequence
from typing import Any, Final

from opensearchpy.exceptions import NotFoundError, OpenSearchException, TransportError
from pymongo.errors import OperationFailure, PyMongoError
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from common.clients import REDIS_TIMEOUT, open_mongo, open_opensearch, open_redis
from common.ctl.findings import Finding, encryption, ok, wrong
from common.index.places import Place, places, read_from
from common.index.shape import HYBRID, alias, conflicts, former_name
from common.settings import MongoSettings, OpenSearchSettings, RedisSettings
from common.vectors.settings import EmbeddingSettings

NOBODY = {"_id": "nobody"}
"""Matches no document: asking to change it needs the right to write, and writes nothing."""

PROBE: Final = "answer:doctor"  # named as the API's own keys are, whose names an ACL may fix
REDIS_PATIENCE: Final = 3.0  # seconds for each command; our services wait REDIS_TIMEOUT

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
    async with open_redis(settings, REDIS_PATIENCE) as client:
        try:
            await client.ping()  # connecting has a patience of its own
            begun = time.monotonic()
            await client.set(PROBE, b"", ex=1)
            took = time.monotonic() - begun
            version = await _version(client)
        except AuthenticationError:
            return [wrong("redis", "access is denied", "check REDIS_ENDPOINT's user and password"), tls]
        except ResponseError as error:
            return [_refusal(error), tls]
        except (RedisError, OSError) as error:
            return [_unreachable("redis", "REDIS_ENDPOINT", error), tls]
    return [ok("redis", f"version {version}, writable"), *slowness(took), tls]


async def _version(client: Any) -> str:
    """Not everybody who may write may know."""
    try:
        about: dict[str, Any] = await client.info("server")
    except NoPermissionError:
        return "unknown"
    return str(about.get("valkey_version") or about.get("redis_version"))


def slowness(seconds: float) -> list[Finding]:
    """What answers, but later than our services wait for it, is as good as lost to them."""
    if seconds < REDIS_TIMEOUT:
        return []
    told = f"slow: an answer took {seconds:.1f} s, our services wait {REDIS_TIMEOUT:g} s"
    return [wrong("redis.speed", told, "look at its load and at the network between", state="warn")]


def _refusal(error: ResponseError) -> Finding:
    """A password that is taken is not yet a right, and a replica takes no writes."""
    told = f"refuses to write ({type(error).__name__})"
    if isinstance(error, NoPermissionError):
        remedy = "allow REDIS_ENDPOINT's user SET, GET and scripts, on keys named answer:* and limit*"
    elif isinstance(error, ReadOnlyError):
        remedy = "name the primary in REDIS_ENDPOINT, not a replica"
    elif isinstance(error, OutOfMemoryError):
        remedy = "give it more memory, or a maxmemory-policy that evicts"
    else:
        remedy = "see its log; it must speak RESP3, as Redis 6 and Valkey do"
    return wrong("redis", told, remedy)


async def search(settings: OpenSearchSettings, region: str) -> list[Finding]:
    """Where chunks are searched, the index of our model, and the pipeline by which rankings are fused."""
    model = EmbeddingSettings.read().embedding_model
    url = settings.opensearch_url.get_secret_value()
    tls = encryption("opensearch", url, encrypted=url.startswith("https:"))
    async with open_opensearch(settings, region) as client:
        try:
            version = (await client.info())["version"]["number"]
            ours = [await _index(client, model, settings.opensearch_index), await _pipeline(client)]
        except TransportError as error:
            if error.status_code in {401, 403}:
                return [_denied(settings), tls]
            return [_unreachable("opensearch", "OPENSEARCH_URL", error), tls]
        except OpenSearchException as error:
            return [_unreachable("opensearch", "OPENSEARCH_URL", error), tls]
    return [ok("opensearch", f"version {version}"), *ours, tls]


def _denied(settings: OpenSearchSettings) -> Finding:
    if settings.opensearch_auth == "aws":
        remedy = "allow es:ESHttpGet and es:ESHttpHead on the domain in the role's policy, and the role in it"
    else:
        remedy = "check OPENSEARCH_URL's user, its password and its rights on our indexes"
    return wrong("opensearch", "access is denied", remedy)


async def _index(client: Any, model: str, prefix: str) -> Finding:
    """What the services write and read; one that a stray write has created finds nothing by meaning."""
    described = await client.indices.get(index=f"{alias(prefix)}-*")
    known = places(described, prefix, model)
    stray = former_name(prefix, model)
    if not known and stray in described:
        remedy = "delete it, and redo its calls from embed: it is then created anew"
        return wrong("opensearch.index", f"{stray} was not created by us: it holds no vectors", remedy)
    if not known:
        told = f"there is none of {model}: nothing was indexed yet"
        return wrong("opensearch.index", told, PREPARE, state="warn")
    return _fitness(read_from(known, None))


def _fitness(asked: Sequence[Place]) -> Finding:
    """What is served of a model, or what keeps it from being so."""
    newest = asked[0]
    faults = [] if newest.is_former else conflicts(newest.mapping, newest.dimensions)
    if faults:
        told = f"{newest.name} has another mapping than ours: {', '.join(faults)}"
        return wrong("opensearch.index", told, "delete it and run pipelinectl reindex")
    if newest.is_former or len(asked) > 1:
        told = f"{asked[-1].name} is of a former version: it knows no findings"
        return wrong("opensearch.index", told, "run pipelinectl reindex", state="warn")
    return ok("opensearch.index", f"{newest.name} is there{', and served' if newest.served else ''}")


async def _pipeline(client: Any) -> Finding:
    try:
        await client.transport.perform_request("GET", f"/_search/pipeline/{HYBRID}")
    except NotFoundError:
        told = "missing: nothing was indexed yet"
        return wrong("opensearch.pipeline", told, PREPARE, state="warn")
    return ok("opensearch.pipeline", "there")


def _unreachable(check: str, variable: str, error: Exception) -> Finding:
    return wrong(check, f"does not answer ({type(error).__name__})", f"check {variable} and the network")
