"""How to reach SQS: credentials from aiobotocore's chain unless given, timeouts fit for long polls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import NoCredentialsError

from .claim_check import S3ClientProto
from .engine.client import SQSClientProto
from .engine.consumer import READ_MARGIN
from .sessions import open_session
from .transport.lean import Credentials, lean_client
from .transport.retry import quicken
from .transport.signing import Keys

Transport = Literal["aiobotocore", "lean"]

LONGEST_POLL = 20  # seconds
CONNECTIONS = 64  # per broker: pollers, deletes, visibility and sends of many subscribers


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where SQS is and who asks; keys left out come from the environment, the profile or the role."""

    endpoint_url: str | None = None
    region_name: str | None = None
    aws_access_key_id: str | None = field(default=None, repr=False)
    aws_secret_access_key: str | None = field(default=None, repr=False)
    aws_session_token: str | None = field(default=None, repr=False)
    session: AioSession | None = None
    client_config: AioConfig | None = None
    transport: Transport = "aiobotocore"

    @asynccontextmanager
    async def client(self) -> AsyncIterator[SQSClientProto]:
        """A client while it is needed."""
        session = self.session or open_session()
        async with session.create_client("sqs", config=self._config(), **self._arguments()) as client:
            if self.transport == "aiobotocore":
                quicken(client)
                yield cast("SQSClientProto", client)
                return
            bundle = session.get_config_variable("ca_bundle")
            async with lean_client(client, await self._credentials(session), bundle) as lean:
                yield lean

    async def _credentials(self, session: AioSession) -> Credentials:
        if self.aws_access_key_id and self.aws_secret_access_key:
            keys = Keys(self.aws_access_key_id, self.aws_secret_access_key, self.aws_session_token)

            async def fixed() -> Keys:
                return keys

            return fixed
        chain = await session.get_credentials()
        if chain is None:
            raise NoCredentialsError

        async def fresh() -> Keys:
            frozen = await chain.get_frozen_credentials()
            return Keys(str(frozen.access_key), str(frozen.secret_key), frozen.token)

        return fresh

    @asynccontextmanager
    async def s3(self, endpoint_url: str | None) -> AsyncIterator[S3ClientProto]:
        """A client of S3 with the same credentials, while it is needed."""
        session = self.session or open_session()
        arguments = self._arguments() | {"endpoint_url": endpoint_url}
        async with session.create_client("s3", config=self._config(), **arguments) as client:
            yield cast("S3ClientProto", client)

    def _arguments(self) -> dict[str, Any]:
        names = (
            "endpoint_url",
            "region_name",
            "aws_access_key_id",
            "aws_secret_access_key",
            "aws_session_token",
        )
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def _config(self) -> AioConfig:
        # Not the "adaptive" retry mode: its client-side limiter can delay a heartbeat.
        ours = AioConfig(
            connect_timeout=3,
            read_timeout=LONGEST_POLL + READ_MARGIN,
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            retries={"mode": "standard", "max_attempts": 3},
        )
        return ours.merge(self.client_config) if self.client_config else ours
