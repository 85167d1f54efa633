"""Valkey does what our limiter asks of Redis, with TLS and a password where they are wanted."""

from pathlib import Path

import pytest
import trustme
from onebox.servers import Tls, running_redis
from redis import asyncio as redis_client
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NoConnection

TAKE = """
local left = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
if left < 1 then return 0 end
redis.call('SET', KEYS[1], left - 1, 'PX', ARGV[2])
return 1
"""


async def test_a_script_takes_tokens(redis: redis_client.Redis, name: str) -> None:
    """A Lua script decides atomically, and its key expires."""
    take = redis.register_script(TAKE)
    taken = [await take(keys=[name], args=[2, 60_000]) for _ in range(3)]
    expires = await redis.pttl(name)
    await redis.delete(name)

    assert [1, 1, 0] == taken
    assert 0 < expires <= 60_000


async def test_only_one_gets_the_lock(redis: redis_client.Redis, name: str) -> None:
    """SET NX is given once."""
    got = [await redis.set(name, "me", nx=True, px=60_000) for _ in range(2)]
    await redis.delete(name)

    assert [True, None] == got


async def test_keys_survive_a_restart(tmp_path: Path) -> None:
    """What was written is there again after a stop and a start on the same folder."""
    async with running_redis(tmp_path) as url, redis_client.from_url(url) as client:
        await client.set("k", "v")
    async with running_redis(tmp_path) as url, redis_client.from_url(url) as client:
        assert b"v" == await client.get("k")


async def test_tls_with_a_password(tmp_path: Path) -> None:
    """Over TLS a client that trusts the authority and knows the password gets in, and no other does."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    authority.cert_pem.write_to_path(str(files[0]))
    certificate.cert_chain_pems[0].write_to_path(str(files[1]))
    certificate.private_key_pem.write_to_path(str(files[2]))

    async with running_redis(tmp_path / "data", tls=Tls(files[1], files[2]), password="open sesame") as url:
        async with redis_client.from_url(url, ssl_ca_certs=str(files[0])) as client:
            answered = await client.ping()
        with pytest.raises(NoConnection, match="certificate verify failed"):
            async with redis_client.from_url(url) as client:
                await client.ping()
        wrong = url.replace("open%20sesame", "guess")
        with pytest.raises(AuthenticationError):
            async with redis_client.from_url(wrong, ssl_ca_certs=str(files[0])) as client:
                await client.ping()

    assert (True, "rediss://:open%20sesame@127.0.0.1") == (answered, url.rpartition(":")[0])
