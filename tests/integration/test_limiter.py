"""The limits that all processes count together, in Redis or Valkey itself; their window is a real minute."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from common.buckets import LocalLimiter, Rates, Seen
from common.clients import open_redis
from common.limiter import REST, SharedLimiter
from common.settings import RedisSettings
from onebox.servers import running_redis
from redis.asyncio import Redis
from servers import Servers

LIMIT = Rates(requests=600, units=6000)
BURST = 18  # 3 % of 600 requests
REFILLED = (600 - BURST) / 60  # requests a second


def settings(endpoint: str) -> RedisSettings:
    return RedisSettings.model_validate({"redis_endpoint": endpoint})


@pytest.fixture
async def redis(server: Servers) -> AsyncIterator[Redis]:
    async with open_redis(settings(server("redis"))) as redis:
        yield redis


def limiter(redis: Redis, fresh: str, rates: Rates = LIMIT) -> SharedLimiter:
    return SharedLimiter(redis, "https://provider.invalid/v1", fresh, rates, replicas=2)


async def taken(limiter: SharedLimiter, tenant: str, units: float, times: int) -> int:
    """How many of so many attempts get through at once."""
    waits = [await limiter.take(tenant, units) for _ in range(times)]
    return waits.count(0)


async def test_many_processes_together_take_no_more_than_the_limit(server: Servers, fresh: str) -> None:
    """Five clients of their own, each greedy: the burst, and what has come since, however long that took."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as life:
        clients = [await life.enter_async_context(open_redis(settings(server("redis")))) for _ in range(5)]
        begun = loop.time()
        counts = await asyncio.gather(*(taken(limiter(one, fresh), "acme", 1, 40) for one in clients))
        passed = loop.time() - begun

    assert BURST <= sum(counts) <= BURST + REFILLED * passed + 1


async def test_requests_and_units_are_taken_together_or_not_at_all(redis: Redis, fresh: str) -> None:
    """A request that its units hold back has not used up a request."""
    ours = limiter(redis, fresh, Rates(requests=60, units=600))  # 1.8 requests and 18 units at once

    assert await ours.take("acme", 18) == 0
    assert await ours.take("acme", 18) > 1
    await ours.give_back("acme", 0, 18)

    assert 0.7 < float(await redis.hget(f"{ours.prefix}:all", "requests") or 0) < 1.8


async def test_what_an_answer_did_not_use_is_free_for_the_next(redis: Redis, fresh: str) -> None:
    """It was reserved for the longest answer."""
    ours = limiter(redis, fresh)
    assert (0, True) == (await ours.take("acme", 6000), await ours.take("acme", 1) > 0)

    await ours.give_back("acme", 0, 5990)

    assert await ours.take("acme", 1) == 0


async def test_a_request_larger_than_a_burst_is_let_through_and_pays_its_debt(
    redis: Redis, fresh: str
) -> None:
    """Nothing waits for ever, and who comes next waits the longer."""
    ours = limiter(redis, fresh)

    assert await ours.take("acme", 1000) == 0
    assert (1000 - 180) / 97 < await ours.take("acme", 1) + 1 < 1000 / 97 + 1


async def test_a_pause_is_everybodys_and_the_longest_counts(
    server: Servers, redis: Redis, fresh: str
) -> None:
    """One process is told 429, all of them rest; a shorter pause does not end a longer one."""
    async with open_redis(settings(server("redis"))) as other:
        await limiter(redis, fresh).pause(60)
        await limiter(redis, fresh).pause(1)
        wait = await limiter(other, fresh).take("acme", 1)

    assert 50 < wait <= 60


async def test_no_pause_is_longer_than_two_minutes(redis: Redis, fresh: str) -> None:
    """A provider may say a billion seconds."""
    ours = limiter(redis, fresh, Rates())
    await ours.pause(1e9)

    assert 110 < await ours.take("acme", 1) <= 120


async def test_what_the_provider_tells_is_believed(redis: Redis, fresh: str) -> None:
    """Its limit holds where we were told none, and no more is left than it says."""
    ours = limiter(redis, fresh, Rates())
    await ours.observe(Seen(limit_requests=60, remaining_requests=0))

    assert 0.5 < await ours.take("acme", 1) <= 1.1


async def test_tenants_who_wait_share_evenly_and_one_alone_has_it_all(redis: Redis, fresh: str) -> None:
    """Ten greedy takers of one tenant leave the two of another far more than their sixth of all takers."""
    ours, counts = limiter(redis, fresh, Rates(requests=6000)), Counter[str]()
    loop = asyncio.get_running_loop()
    await taken(ours, "big", 0, 200)  # alone it may take the whole burst, and leaves nothing

    until = loop.time() + 1.5

    async def greedy(tenant: str) -> None:
        while loop.time() < until:
            if wait := await ours.take(tenant, 0):
                await asyncio.sleep(min(wait, 0.02))  # as a gate does
            else:
                counts[tenant] += 1

    await asyncio.gather(*(greedy("big") for _ in range(10)), *(greedy("small") for _ in range(2)))

    # Half on an idle machine; on a busy one a waiting tenant's turn may pass before it is seen to ask again.
    assert 0.27 < counts["small"] / counts.total() < 0.65


async def test_a_flush_forgets_limits_and_nothing_else(redis: Redis, fresh: str) -> None:
    """The script is sent anew, and counting begins at a full burst."""
    ours = limiter(redis, fresh)
    await taken(ours, "acme", 1, 30)
    for key in await redis.keys(f"{ours.prefix}*"):
        await redis.delete(key)
    await redis.script_flush()

    assert (0, False) == (await ours.take("acme", 1), ours.local)


async def test_keys_name_neither_tenant_nor_provider(redis: Redis, fresh: str) -> None:
    """They lie in one slot of a cluster, and end by themselves."""
    ours = limiter(redis, fresh)
    await ours.take("acme", 1)
    await ours.pause(60)
    await ours.take("acme", 1)
    keys = [_text(key) for key in await redis.keys(f"{ours.prefix}*")]

    assert len(keys) > 2
    assert all(key.startswith("limit:{") and "acme" not in key and "provider" not in key for key in keys)
    assert all([0 < await redis.ttl(key) for key in keys])


def _text(key: bytes | str) -> str:
    return key if isinstance(key, str) else key.decode()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def valkey(folder: Path) -> AsyncIterator[Redis]:
    async with running_redis(folder) as url, open_redis(settings(url), patience=0.3) as redis:
        yield redis


async def test_without_redis_each_takes_its_cautious_share_until_it_is_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither without limit nor not at all: 80 % of half the limit for each of two; said once."""
    clock = Clock()
    async with AsyncExitStack() as life:
        redis = await life.enter_async_context(valkey(tmp_path))
        ours = SharedLimiter(redis, "here", "whisper-1", LIMIT, replicas=2, clock=clock)
        assert (0, False) == (await ours.take("acme", 1), ours.local)
        await life.aclose()

        lost = await taken(ours, "acme", 1, 40), ours.local
        clock.now += 60
        alone = 0
        for _ in range(60):
            alone += await taken(ours, "acme", 1, 10)
            clock.now += 1
        expected = 600 * 0.8 / 2
        assert (7, True) == lost  # 3 % of 240
        assert 0.9 * expected < alone <= expected + 7


async def test_a_slow_redis_is_a_lost_one_until_it_answers_again(tmp_path: Path) -> None:
    """It is left alone for a rest, and then counted on again by itself."""
    clock = Clock()
    async with (
        running_redis(tmp_path) as url,
        open_redis(settings(url), patience=0.2) as hasty,
        open_redis(settings(url), patience=30) as patient,
    ):
        ours = SharedLimiter(hasty, "here", "whisper-1", LIMIT, replicas=2, clock=clock)
        await patient.client_pause(600, all=True)
        assert (0, True) == (await ours.take("acme", 1), ours.local)
        await patient.ping()  # which is answered when the server is
        assert (0, True) == (await ours.take("acme", 1), ours.local)
        clock.now += REST

        assert (0, False) == (await ours.take("acme", 1), ours.local)


async def test_a_process_alone_keeps_to_the_limit_over_any_minute() -> None:
    """Whatever it asks, at whatever moments; on a clock of our own."""
    clock, times = Clock(), list[float]()
    alone = LocalLimiter(Rates(requests=100), clock)
    for _ in range(2000):
        if await alone.take("acme", 0) == 0:
            times.append(clock.now)
        clock.now += 0.25

    busiest = max(sum(start <= at < start + 60 for at in times) for start in times)
    assert (True, True) == (busiest <= 100, len(times) >= 0.97 * 100 * 2000 * 0.25 / 60)
