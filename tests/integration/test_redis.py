"""Redis or Valkey, plain and behind TLS with a password, through the one way our services open it."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from common.clients import open_redis
from common.settings import RedisSettings
from onebox.servers import Tls, running_redis
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as ConnectionFailed
from servers import Servers

PASSWORD = "correct-horse"


def settings(endpoint: str) -> RedisSettings:
    return RedisSettings.model_validate({"redis_endpoint": endpoint})


async def test_a_value_makes_the_trip(server: Servers, fresh: str) -> None:
    """host:port or URL, what is set is read back."""
    async with open_redis(settings(server("redis"))) as redis:
        await redis.set(fresh, "here", ex=60)
        assert b"here" == await redis.get(fresh)
        await redis.delete(fresh)


async def test_a_cache_out_of_reach_is_noticed_at_once() -> None:
    """Only economy depends on it: a second is all it gets."""
    async with open_redis(settings("127.0.0.1:9")) as redis:
        with pytest.raises(ConnectionFailed):
            await redis.get("anything")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Tls:
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    return Tls(tmp_path / "server.pem", tmp_path / "server.pem")


@pytest.fixture
async def secured(certificate: Tls, tmp_path: Path) -> AsyncIterator[str]:
    """A server behind TLS that asks for a password; the URL holds it."""
    async with running_redis(tmp_path / "data", tls=certificate, password=PASSWORD) as url:
        yield url


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate, as an operator would name it in the URL."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return f"?ssl_ca_certs={quote(str(tmp_path / 'authority.pem'))}"


async def test_over_tls_with_a_password(secured: str, trusted: str) -> None:
    """``rediss://:password@host`` is all an operator has to say."""
    async with open_redis(settings(secured + trusted)) as redis:
        await redis.set("key", "safe")
        assert b"safe" == await redis.get("key")


async def test_a_wrong_password_is_refused(secured: str, trusted: str) -> None:
    """And not repeated in the error."""
    wrong = secured.replace(PASSWORD, "wrong-horse") + trusted
    async with open_redis(settings(wrong)) as redis:
        with pytest.raises(AuthenticationError) as error:
            await redis.get("key")

    assert "wrong-horse" not in str(error.value)


async def test_a_stranger_behind_tls_is_not_trusted(secured: str) -> None:
    """A certificate of an authority nobody named ends the connection."""
    async with open_redis(settings(secured)) as redis:
        with pytest.raises(RedisError) as error:
            await redis.get("key")

    causes = [error.value, error.value.__cause__, error.value.__context__]
    assert any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "CERTIFICATE" in str(
        error.value
    )
