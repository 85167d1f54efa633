"""What the HTTP door promises every client: limits, trust, health, and faults that tell nothing."""

from typing import Any

import pytest
from common.clients import open_redis
from common.errors import Permanent
from common.settings import RedisSettings
from door_fakes import FakeLimiter
from door_scene import Door, complete, opened, problem
from ingest.cache import AnswerCache
from ingest.limiter import Limiter
from ingest_scene import Outside, door_settings


async def test_a_wrong_method_is_a_problem(door: Door) -> None:
    """405 says so in the same shape."""
    answer = await door.client.delete("/api/v1/calls")

    assert 405 == problem(answer)[0]
    assert "GET" in answer.headers["allow"]


async def test_too_many_requests_are_told_when_to_come_back() -> None:
    """429 with Retry-After, before the body is read; health is free."""
    outside = Outside(door_settings())
    outside.limiter = FakeLimiter(1)
    async with opened(outside) as door:
        answers = [await door.get("/calls"), await door.hand_in(), await door.get("/health")]

    assert [200, 429, 200] == [answer.status_code for answer in answers]
    assert (429, "7") == (problem(answers[1])[0], answers[1].headers["retry-after"])
    assert {} == outside.bucket.objects


async def test_without_redis_the_limit_is_local_and_answers_come_from_the_documents() -> None:
    """Losing Redis loses nothing but a little speed, and the door stays limited."""
    outside = Outside(door_settings())
    async with open_redis(RedisSettings(redis_endpoint="127.0.0.1:1")) as redis:
        outside.limiter, outside.cache = Limiter("3/minute", redis), AnswerCache(redis)
        async with opened(outside) as door:
            await complete(outside)
            answers = [await door.get("/calls/c-1") for _ in range(4)]

    assert [200, 200, 200, 429] == [answer.status_code for answer in answers]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("host", "status"),
    [("calls.test", 403), ("[", 403), ("", 403), ("localhost:8000", 200), ("[::1]:8000", 200)],
)
async def test_another_name_for_loopback_is_not_trusted(door: Door, host: str, status: int) -> None:
    """Behind a proxy, or under a name somebody else gave to loopback, the door is closed."""
    assert status == (await door.get("/calls", Host=host)).status_code


PROXIES = [
    *("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"),
    *("True-Client-IP", "X-Client-IP", "CF-Connecting-IP", "X-Envoy-External-Address"),
]


@pytest.mark.parametrize("header", PROXIES)
async def test_whom_a_proxy_speaks_for_is_a_stranger(door: Door, header: str) -> None:
    """A proxy on this machine that calls us by a name for loopback, as they do unless told otherwise."""
    assert 403 == (await door.get("/calls", **{header: "for=203.0.113.5"})).status_code


NETWORK = "http://10.0.0.7:8000"


@pytest.mark.parametrize("path", ["/api/v1/calls", "/docs", "/openapi.json", "/nothing"])
async def test_a_network_is_not_answered_without_authentication(path: str) -> None:
    """403 names the remedy; what the platform asks is answered."""
    async with opened(Outside(door_settings()), NETWORK) as door:
        refused = await door.client.get(path)
        health = [
            (await door.client.get(path)).status_code
            for path in ("/api/v1/health", "/health/live", "/health/ready", "/metrics")
        ]

    assert 403 == problem(refused)[0]
    assert "AUTH=none" in problem(refused)[1]
    assert 403 not in health


async def test_auth_none_opens_the_door() -> None:
    """In so many words."""
    async with opened(Outside(door_settings(auth="none")), NETWORK) as door:
        assert 200 == (await door.get("/calls")).status_code


async def test_health_metrics_and_pages_are_there(door: Door) -> None:
    """The API's own health, its description, and the platform's probes."""
    paths = ("/api/v1/health", "/docs", "/openapi.json", "/metrics")

    assert [200] * 4 == [(await door.client.get(path)).status_code for path in paths]
    assert 200 == (await door.client.get("/health/live")).status_code


@pytest.mark.parametrize("header", PROXIES)
async def test_metrics_are_told_to_nobody_behind_a_proxy(header: str) -> None:
    """Prometheus reaches a pod straight; whoever comes by the address of the page does not."""
    async with opened(Outside(door_settings(auth="keys")), NETWORK) as door:
        straight = await door.client.get("/metrics")
        forwarded = await door.client.get("/metrics", headers={header: "203.0.113.5"})

    assert (200, 404) == (straight.status_code, problem(forwarded)[0])


async def test_health_says_when_the_queue_is_away(door: Door) -> None:
    """503, since nothing can be handed in."""
    door.hears_nothing()

    assert 503 == problem(await door.get("/health"))[0]


async def test_pages_of_a_known_origin_may_call(door: Door) -> None:
    """CORS: the configured origin and no other; unless there is one, none."""
    page = {"Origin": "http://localhost:3000"}
    async with opened(Outside(door_settings(cors_origins=(page["Origin"],)))) as told:
        known = await told.get("/calls", **page)
        other = await told.get("/calls", Origin="http://evil.test")
    untold = await door.get("/calls", **page)

    assert page["Origin"] == known.headers["access-control-allow-origin"]
    assert "access-control-allow-origin" not in {**other.headers, **untold.headers}


async def test_a_fault_of_ours_tells_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 is a problem without our insides."""

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr(door.outside.journal, "newest", fail)
    answer = await door.get("/calls")

    assert 500 == problem(answer)[0]
    assert "hunter2" not in answer.text


async def test_what_cannot_be_done_tells_nothing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that refuses us is for whoever runs this, not for the client."""

    async def fail(*_: Any) -> None:
        raise Permanent("writing an object: access is denied", reason="forbidden")

    monkeypatch.setattr(door.outside.bucket, "put_json", fail)
    answer = await door.hand_in()

    assert 500 == problem(answer)[0]
    assert "denied" not in answer.text


async def test_the_description_names_every_endpoint(door: Door) -> None:
    """OpenAPI is what clients are made from."""
    paths = (await door.client.get("/openapi.json")).json()["paths"]

    assert {
        "/api/v1/health",
        "/api/v1/health/detailed",
        "/api/v1/calls/upload",
        "/api/v1/calls",
        "/api/v1/calls/{call_id}",
        "/api/v1/calls/{call_id}/events",
        "/api/v1/calls/{call_id}/metrics",
        "/api/v1/calls/{call_id}/peaks",
        "/api/v1/calls/{call_id}/recording",
        "/api/v1/calls/{call_id}/redo",
        "/api/v1/calls/{call_id}/revisions",
        "/api/v1/calls/{call_id}/revisions/{before}/diff/{after}",
        "/api/v1/calls/{call_id}/similar",
        "/api/v1/calls/{call_id}/transcript",
        "/api/v1/ask",
        "/api/v1/audit",
        "/api/v1/tenants/{tenant_id}",
        "/api/v1/costs",
        "/api/v1/findings",
        "/api/v1/insights",
        "/api/v1/keys",
        "/api/v1/keys/{key_id}",
        "/api/v1/me",
        "/api/v1/search",
        "/api/v1/session",
        "/api/v1/session/callback",
        "/api/v1/session/oidc",
        "/api/v1/session/options",
        "/api/v1/uploads",
        "/api/v1/uploads/{upload_id}",
        "/api/v1/uploads/{upload_id}/complete",
    } == paths.keys()


async def test_http_alone_drains_no_queue() -> None:
    """INGEST_CONSUMER=false leaves the upload to a consumer elsewhere; the door still announces."""
    outside = Outside(door_settings(ingest_consumer=False))
    async with opened(outside) as door:
        answer = await door.hand_in()
        call = await door.call(answer.json()["call_id"])

    assert (201, "uploaded", {}) == (answer.status_code, call["status"], call["journal"])
    assert [] == door.app.state.broker.subscribers


async def test_a_lost_redis_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every request waits for a server that does not answer."""
    times = iter([0.0, 0.0, 1.0, 2.0, 6.0, 6.0])
    tried: list[str] = []
    async with open_redis(RedisSettings(redis_endpoint="127.0.0.1:1")) as redis:
        limiter = Limiter("100/minute", redis, lambda: next(times))
        hit = limiter._shared.hit

        async def counted(*arguments: Any, **more: Any) -> bool:
            tried.append("tried")
            return await hit(*arguments, **more)

        monkeypatch.setattr(limiter._shared, "hit", counted)
        waits = [await limiter.seconds_to_wait("client") for _ in range(4)]

    assert ([None] * 4, 2) == (waits, len(tried))


async def test_no_request_is_led_to_another_host(door: Door) -> None:
    """A slash too many is an unknown address, not a redirect to wherever the request says we are."""
    answer = await door.client.get("/api/v1/calls/", headers={"Host": "127.0.0.1"})

    assert (404, False) == (answer.status_code, "location" in answer.headers)
