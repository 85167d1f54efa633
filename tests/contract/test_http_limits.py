"""How often one may ask: by role, each for themselves, and without Redis, too."""

from collections.abc import AsyncIterator

import pytest
from access_scene import NETWORK, known, logged_in, minted
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
    friend = (await door.get("/me", **await known(door))).status_code

    assert [401, 401, 401, 401, 429] == strangers
    assert 200 == friend
    assert 200 == (await door.get("/health")).status_code


async def test_whoever_is_refused_holds_up_nobodys_login(door: Door) -> None:
    """An office, or a proxy that is not trusted, is one address: logins there are counted apart."""
    refused = [(await door.get("/me", Authorization="Bearer x")).status_code for _ in range(5)]
    key = (await minted(door)).text
    login = (await logged_in(door, key)).status_code
    options = [(await door.get("/session/options")).status_code for _ in range(4)]

    assert [401, 401, 401, 401, 429] == refused
    assert (204, [200, 200, 200, 429]) == (login, options)


@pytest.mark.parametrize("path", ["/calls?strange=1", "/session/options?strange=1"])
async def test_what_is_not_understood_is_counted_too(door: Door, path: str) -> None:
    """For the address, as all that nobody known asks."""
    statuses = [(await door.get(path)).status_code for _ in range(5)]

    assert ({401, 422} & set(statuses), 429) == ({statuses[0]}, statuses[4])
    assert 1 == len(set(statuses[:4]))


async def test_who_may_not_ask_learns_no_names(door: Door) -> None:
    """401 and 403 come before what a request says wrongly."""
    header = await known(door)
    answers = [await door.get("/keys?strange=1"), await door.get("/keys?strange=1", **header)]

    assert [401, 403] == [problem(answer)[0] for answer in answers]
    assert not any("strange" in answer.text for answer in answers)
