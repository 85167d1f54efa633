"""How an issuer is asked: seldom, by one at a time, and believing no answer that is none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import httpx2
import pytest
from common.errors import Transient
from ingest.security.issuer import FRESH, PAUSE, Issuer
from joserfc.jwk import ECKey

NAME = "https://issuer.test/pool"
KEY = ECKey.generate_key("P-256", {"kid": "k1"}).as_dict(private=False)
CANARY = "canary.test"
DESCRIBED = {"issuer": NAME, "jwks_uri": "https://keys.test/jwks"}

Answer = Callable[[], httpx2.Response]


@dataclass
class World:
    """An issuer behind a transport, and the time."""

    now: float = 1000.0
    asked: list[str] = field(default_factory=list)
    canary: list[str] = field(default_factory=list)
    described: Answer = lambda: httpx2.Response(200, json=DESCRIBED)
    keys: Answer = lambda: httpx2.Response(200, json={"keys": [KEY]})
    going_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        await self.going_on.wait()
        described = request.url.path.endswith("/openid-configuration")
        if request.url.host == CANARY:  # where everything is as it should be
            self.canary.append(request.url.path)
            return World.described() if described else World.keys()
        return self.described() if described else self.keys()


@pytest.fixture
def world() -> World:
    world = World()
    world.going_on.set()
    return world


@pytest.fixture
async def issuer(world: World) -> AsyncIterator[Issuer]:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(world.answer)) as client:
        yield Issuer(client, NAME, lambda: world.now)


async def test_many_who_wait_are_answered_by_one_question(world: World, issuer: Issuer) -> None:
    """Its description, and its keys."""
    found = await asyncio.gather(*(issuer.key("k1") for _ in range(50)))

    assert None not in found
    assert ["/pool/.well-known/openid-configuration", "/jwks"] == world.asked


async def test_what_is_known_is_asked_for_again_after_an_hour(world: World, issuer: Issuer) -> None:
    """And not before, however often it is needed."""
    for seconds in (0, FRESH - 1, 1):
        world.now += seconds
        await issuer.key("k1")

    assert ["/jwks", "/jwks"] == world.asked[1:]


async def test_what_is_known_does_not_wait_for_an_issuer_that_hangs(world: World, issuer: Issuer) -> None:
    """One asks; the others go on with what there is."""
    await issuer.key("k1")
    world.going_on.clear()
    world.now += FRESH
    asking = asyncio.create_task(issuer.key("k1"))
    while len(world.asked) < 3:
        await asyncio.sleep(0)

    found = await asyncio.wait_for(issuer.key("k1"), 5)
    world.going_on.set()

    assert found is not None
    assert await asking is not None


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(200, text="no JSON"),
        httpx2.Response(200, text="[" * 100_000),
        httpx2.Response(200, json=["k1"]),
        httpx2.Response(200, json={"keys": [KEY], "padding": "x" * 300 * 1024}),
    ],
    ids=["error", "text", "deep", "list", "huge"],
)
async def test_an_answer_that_is_none_teaches_nothing(
    world: World, issuer: Issuer, answer: httpx2.Response
) -> None:
    """Nothing large is read; a minute later it is asked again."""
    world.keys = lambda: answer
    bad = await issuer.key("k1")
    world.keys = World.keys
    soon = await issuer.key("k1")
    world.now += PAUSE
    later = await issuer.key("k1")

    assert (None, None) == (bad, soon)
    assert later is not None


@pytest.mark.parametrize("where", ["described", "keys"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(world: World, issuer: Issuer, where: str, status: int) -> None:
    """Though what is there would do, no other host is asked."""
    setattr(world, where, lambda: httpx2.Response(status, headers={"Location": f"https://{CANARY}/jwks"}))

    assert await issuer.key("k1") is None
    assert [] == world.canary


async def test_an_answer_as_large_as_issuers_give_is_read(world: World, issuer: Issuer) -> None:
    """A hundred keys of RSA, say."""
    world.keys = lambda: httpx2.Response(200, json={"keys": [KEY], "padding": "x" * 200 * 1024})

    assert await issuer.key("k1") is not None


async def test_nobody_is_led_to_an_issuer_that_has_no_keys(world: World, issuer: Issuer) -> None:
    """Whoever came back could not be known; in a minute they may be there."""
    world.keys = lambda: httpx2.Response(503)
    with pytest.raises(Transient, match="does not answer"):
        await issuer.endpoints()
    world.keys, world.now = World.keys, world.now + PAUSE

    assert DESCRIBED["jwks_uri"] == (await issuer.endpoints()).jwks_uri


async def test_keys_that_cannot_be_had_are_asked_for_once_a_minute(world: World, issuer: Issuer) -> None:
    """Where they are is known; it is looked up again an hour after it was, as they may have moved."""
    world.keys = lambda: httpx2.Response(503)
    for _ in range(62):
        await issuer.key("k1")
        world.now += PAUSE

    described, jwks = "/pool/.well-known/openid-configuration", "/jwks"
    assert [described, *[jwks] * 61, described, jwks] == world.asked


async def test_keys_that_we_have_no_use_for_are_left_out(world: World, issuer: Issuer) -> None:
    """Symmetric ones, broken ones, those without a name: the others are as good as before."""
    odd = [{"kty": "oct", "k": "AAAA", "kid": "s"}, {"kty": "RSA", "kid": "b"}, {**KEY, "kid": None}, "x"]
    world.keys = lambda: httpx2.Response(200, json={"keys": [*odd, KEY]})

    assert await issuer.key("k1") is not None
    assert [None, None] == [await issuer.key("s"), await issuer.key("b")]
