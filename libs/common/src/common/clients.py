"""Open and close the clients of the outside world; the only place that knows how each is built."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx2
from aiobotocore.config import AioConfig
from faststream_sqs.sessions import open_session
from motor.motor_asyncio import AsyncIOMotorClient
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from opensearchpy import AsyncHttpConnection, AsyncOpenSearch, AWSV4SignerAsyncAuth
from redis.asyncio import Redis

from common.buckets import Rates
from common.gate import HOLD, Gate, Patience
from common.ledger import Notes
from common.limiter import SharedLimiter
from common.provider_settings import Provider
from common.providers import listen
from common.settings import AwsSettings, LimiterSettings, MongoSettings, OpenSearchSettings, RedisSettings
from common.staying import StayingSession

CONNECT_TIMEOUT = 5.0  # seconds
REDIS_TIMEOUT = 1.0  # seconds


@asynccontextmanager
async def open_mongo(settings: MongoSettings) -> AsyncIterator[Any]:
    """The database. Writes are acknowledged by the majority and journalled before we act on them."""
    client: Any = AsyncIOMotorClient(
        settings.mongodb_uri.get_secret_value(),
        tz_aware=True,
        w="majority",
        appname="callstream",
        serverSelectionTimeoutMS=CONNECT_TIMEOUT * 1000,
        connectTimeoutMS=CONNECT_TIMEOUT * 1000,
        socketTimeoutMS=30_000,
    )
    try:
        yield client[settings.mongodb_database]
    finally:
        client.close()


@asynccontextmanager
async def open_redis(settings: RedisSettings, patience: float = REDIS_TIMEOUT) -> AsyncIterator[Redis]:
    """Redis or Valkey; a slow one is treated as a lost one, since only economy depends on it."""
    client = Redis.from_url(
        settings.redis_url, socket_connect_timeout=patience, socket_timeout=patience, health_check_interval=30
    )
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def open_s3(settings: AwsSettings) -> AsyncIterator[Any]:
    """An S3 client with standard retries; path-style addresses where an endpoint is given."""
    style = {"addressing_style": "path"} if settings.s3_endpoint else {}
    config = AioConfig(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=60,
        max_pool_connections=32,
        retries={"mode": "standard", "max_attempts": 4},
        signature_version="s3v4",
        s3=style,
        http_session_cls=StayingSession,
    )
    async with open_session().create_client(
        "s3", region_name=settings.aws_region, endpoint_url=settings.s3_endpoint, config=config
    ) as client:
        yield client


@asynccontextmanager
async def open_sqs(settings: AwsSettings) -> AsyncIterator[Any]:
    """An SQS client for looking at queues and mending them; messages go through the broker."""
    config = AioConfig(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        http_session_cls=StayingSession,
    )
    async with open_session().create_client(
        "sqs", region_name=settings.aws_region, endpoint_url=settings.sqs_endpoint, config=config
    ) as client:
        yield client


@asynccontextmanager
async def open_openai(provider: Provider, *, read_timeout: float) -> AsyncIterator[AsyncOpenAI]:
    """A client that never retries by itself: each of its attempts could be billed behind our back."""
    timeout = httpx2.Timeout(read_timeout, connect=CONNECT_TIMEOUT)
    http = DefaultAsyncHttpxClient(timeout=timeout, event_hooks={"response": [listen]})
    async with AsyncOpenAI(
        api_key=provider.api_key, base_url=provider.base_url, max_retries=0, timeout=timeout, http_client=http
    ) as client:
        yield client


@asynccontextmanager
async def open_bedrock(endpoint: str | None, region: str, *, read_timeout: float) -> AsyncIterator[Any]:
    """A client of Bedrock's models that never retries by itself, for the same reason."""
    config = AioConfig(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        max_pool_connections=64,
        retries={"total_max_attempts": 1},
        http_session_cls=StayingSession,
    )
    async with open_session().create_client(
        "bedrock-runtime", region_name=region, endpoint_url=endpoint, config=config
    ) as client:
        yield client


class GatedProvider(Protocol):
    """A provider as its gate knows it: an address, a name, a model and its limits."""

    base_url: str | None
    model: str
    requests_per_minute: int
    units_per_minute: int

    @property
    def name(self) -> str:
        """Who is paid."""
        ...


def shared_gate(
    settings: LimiterSettings,
    redis: Redis,
    provider: GatedProvider,
    *,
    model: str | None = None,
    hold: float = HOLD,
    ledger: Notes | None = None,
) -> Gate:
    """The gate to a provider's model, the purpose's own unless one is named; everybody shares its limits."""
    name = model or provider.model
    rates = Rates(provider.requests_per_minute, provider.units_per_minute)
    address = provider.base_url or provider.name
    limiter = SharedLimiter(redis, address, name, rates, replicas=settings.provider_replicas)
    return Gate(provider.name, name, limiter, Patience(hold=hold), ledger)


@asynccontextmanager
async def open_opensearch(settings: OpenSearchSettings, region: str) -> AsyncIterator[AsyncOpenSearch]:
    """An OpenSearch client: user and password from the URL, or SigV4."""
    options: dict[str, Any] = {"timeout": 30, "max_retries": 3, "retry_on_timeout": True}
    if settings.opensearch_auth == "aws":
        options |= {"http_auth": _signer(region), "connection_class": AsyncHttpConnection}
    client = AsyncOpenSearch(hosts=[settings.opensearch_url.get_secret_value()], **options)
    try:
        yield client
    finally:
        await client.close()


def _signer(region: str) -> AWSV4SignerAsyncAuth:
    import botocore.session  # noqa: PLC0415 - only where OPENSEARCH_AUTH=aws; a second or so of import

    credentials = botocore.session.get_session().get_credentials()
    return AWSV4SignerAsyncAuth(credentials, region, "es")
