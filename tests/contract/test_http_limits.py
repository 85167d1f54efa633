"""How often one may ask: by role, each for themselves, and without Redis, too."""

from collections.abc import AsyncIterator

import pytest
from access_scene import NETWORK, known
from common.clients import open_redis
from common.settings import RedisSettings
from door_scene import Door, opened, problem
from ingest.limiter import Limiter
from ingest_scene import Outside, door_settings


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Limits that a test can reach, and no Redis."""
    settings = door_settings(
        auth="keys",
        rate_limit_users="1/minute",
        rate_limit_analysts="2/minute",
        rate_limit_admins="3/minute",
        rate_limit_anonymous="4/minute",
    )
    outside = Outside(settings)
    async with open_redis(RedisSettings(redis_endpoint="127.0.0.1:1")) as redis:
        outside.limiters = {tier: Limiter(rate, redis) for tier, rate in settings.rates.items()}
        async with opened(outside, NETWORK) as door:
            yield door


async def test_each_asks_as_often_as_the_role_may(door: Door) -> None:
    """One key's requests are not another's."""
    headers = [await known(door, role) for role in ("users", "users", "analysts", "admins")]
    answers = [[(await door.get("/me", **header)).status_code for _ in range(4)] for header in headers]

    assert [1, 1, 2, 3] == [statuses.count(200) for statuses in answers]
    assert {200, 429} == {status for statuses in answers for status in statuses}


async def test_one_too_many_is_told_when_to_come_back(door: Door) -> None:
    """And which setting says so."""
    header = await known(door)
    await door.get("/me", **header)
    answer = await door.get("/me", **header)

    status, detail = problem(answer)
    assert (429, True) == (status, "RATE_LIMIT_USERS" in detail)
    assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_strangers_are_limited_together_and_hold_up_nobody(door: Door) -> None:
    """Whatever they show, by address; whoever is known from there has an allowance of their own."""
    shown = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, {"Cookie": "callstream=x"}]
    strangers = [(await door.get("/me", **headers)).status_code for headers in (*shown, {})]
    options = (await door.get("/session/options")).status_code
    friend = (await door.get("/me", **await known(door))).status_code

    assert [401, 401, 401, 401, 429] == strangers
    assert (429, 200) == (options, friend)
    assert 200 == (await door.get("/health")).status_code
