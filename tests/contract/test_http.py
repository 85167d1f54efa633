"""What the HTTP door promises its clients."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from common.clients import open_redis
from common.errors import Permanent, Transient
from common.index import Hit
from common.model import (
    Analysis,
    CallKey,
    Evidence,
    Insights,
    PainPoint,
    Sentiment,
    Transcript,
    Utterance,
    Work,
)
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from common.settings import RedisSettings
from faststream_sqs import SQSUnavailableError, TestSQSBroker
from ingest.app import create_app
from ingest.cache import AnswerCache
from ingest.limiter import Limiter
from ingest_scene import BUCKET, NOW, FakeLimiter, Outside, door_settings, serving, wav

KEY = CallKey(tenant_id="default", call_id="c-1")
WORK = Work(provider="fake", model="fake", cost_usd=0.02)


@dataclass
class Door:
    """The API, a client of it, and what is behind it."""

    client: httpx.AsyncClient
    outside: Outside
    app: Any

    async def hand_in(
        self, content: bytes = b"", name: str = "call.wav", fields: Mapping[str, str] | None = None
    ) -> httpx.Response:
        file = {"file": (name, content or wav(), "audio/wav")}
        return await self.client.post("/api/v1/calls/upload", files=file, data=dict(fields or {}))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers=headers)

    async def call(self, call_id: str) -> Any:
        return (await self.get(f"/calls/{call_id}")).json()

    def hears_nothing(self) -> None:
        """The queue goes away."""
        self.app.state.broker = DeafBroker()


class DeafBroker:
    """A queue that takes nothing."""

    async def publish(self, *_: Any, **__: Any) -> None:
        raise SQSUnavailableError("503")

    async def ping(self, _seconds: float) -> bool:
        return False


@asynccontextmanager
async def opened(outside: Outside, base_url: str = "http://127.0.0.1:8000") -> AsyncIterator[Door]:
    """Serve the app on fakes; uploads are ingested at once."""
    app = create_app(outside.settings, outside.open)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(TestSQSBroker(app.state.broker))
        await stack.enter_async_context(serving(app))
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=base_url))
        yield Door(client, outside, app)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Outside(door_settings(max_upload_bytes=400_000))) as door:
        yield door


def problem(answer: httpx.Response) -> tuple[int, str]:
    """An answer's status, if it is a problem as RFC 9457 has it."""
    assert "application/problem+json" == answer.headers["content-type"]
    content = answer.json()
    assert {"type", "title", "status", "detail"} <= content.keys()
    assert answer.status_code == content["status"]
    return content["status"], content["detail"]


async def test_a_recording_handed_in_is_a_call(door: Door) -> None:
    """201 leads to the call, whose recording and metadata are kept."""
    fields = {"agent": "Anna", "direction": "inbound", "started_at": "2026-11-22T09:00:00Z"}
    answer = await door.hand_in(fields=fields | {"extra": '{"deal": "17"}'})
    call_id = answer.json()["call_id"]
    call = await door.call(call_id)

    assert 201 == answer.status_code
    assert f"/api/v1/calls/{call_id}" == answer.headers["location"]
    assert {"call_id": call_id, "status": "uploaded"} == answer.json()
    assert ("Anna", "inbound", {"deal": "17"}) == (
        call["metadata"]["agent"],
        call["metadata"]["direction"],
        call["metadata"]["extra"],
    )
    assert ("wav", 8000, 2, 1000) == tuple(
        call["recording"][name] for name in ("container", "sample_rate", "channels", "duration_ms")
    )


async def test_the_object_lies_under_tenant_date_and_call(door: Door) -> None:
    """The key tells whose call it is; a sidecar with the metadata lies beside it."""
    call_id = (await door.hand_in(fields={"agent": "Anna"})).json()["call_id"]
    key = f"default/2026/11/22/{call_id}.wav"

    assert {(BUCKET, key), (BUCKET, f"{key}.json")} == set(door.outside.bucket.objects)
    assert {"agent": "Anna", "extra": {}} == json.loads(door.outside.bucket.objects[BUCKET, f"{key}.json"][0])


@pytest.mark.parametrize(
    ("name", "extension"), [("a.MP3", "mp3"), ("a.exe", "bin"), ("a", "bin"), ("../../b.ogg", "ogg")]
)
async def test_a_name_decides_only_the_extension(door: Door, name: str, extension: str) -> None:
    """A strange name is no reason to refuse; nothing else of it reaches the key."""
    answer = await door.hand_in(name=name)
    call_id = answer.json()["call_id"]

    assert 201 == answer.status_code
    assert (BUCKET, f"default/2026/11/22/{call_id}.{extension}") in door.outside.bucket.objects


async def test_the_same_recording_again_is_the_same_call(door: Door) -> None:
    """Even on another day: nothing is stored twice."""
    first = await door.hand_in()
    door.outside.now = NOW + timedelta(days=1)
    second = await door.hand_in(name="other.mp3")
    other = await door.hand_in(wav(2.0))

    assert first.json()["call_id"] == second.json()["call_id"] != other.json()["call_id"]
    assert 4 == len(door.outside.bucket.objects)


async def test_an_unconfirmed_upload_is_no_success_and_a_retry_is_the_same_call(door: Door) -> None:
    """While the queue is away the answer is 503, nothing is lost, and the call can already be seen."""
    broker = door.app.state.broker
    door.hears_nothing()
    refused = await door.hand_in()
    listed = (await door.get("/calls")).json()["calls"]
    door.app.state.broker = broker
    retried = await door.hand_in()

    assert 503 == problem(refused)[0]
    assert int(refused.headers["retry-after"]) > 0
    assert [retried.json()["call_id"]] == [call["call_id"] for call in listed]
    assert 201 == retried.status_code
    assert 2 == len(door.outside.bucket.objects)


@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "sideways"},
        {"started_at": "yesterday"},
        {"extra": "{"},
        {"extra": "[1]"},
        {"extra": '{"a": {}}'},
    ],
)
async def test_bad_metadata_is_refused_by_name(door: Door, fields: dict[str, str]) -> None:
    """400 names the field, and nothing is stored."""
    answer = await door.hand_in(fields=fields)

    assert 400 == problem(answer)[0]
    assert next(iter(fields)) in answer.text
    assert {} == door.outside.bucket.objects


async def test_a_missing_or_empty_recording_is_refused(door: Door) -> None:
    """400 says what to send."""
    missing = await door.client.post("/api/v1/calls/upload", data={"agent": "Anna"})
    empty = await door.client.post("/api/v1/calls/upload", files={"file": ("a.wav", b"", "audio/wav")})

    assert [400, 400] == [problem(missing)[0], problem(empty)[0]]
    assert "'file'" in problem(missing)[1]


@pytest.mark.parametrize("counted", [True, False], ids=["by its claim", "as it streams"])
async def test_a_recording_that_is_too_large_is_refused(door: Door, *, counted: bool) -> None:
    """413, whether or not the client says how much it will send; nothing is stored."""
    body = (
        b"--x\r\n" + b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(2_000_000)
    )

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    headers = {"content-type": "multipart/form-data; boundary=x"}
    content: Any = body if counted else stream()
    answer = await door.client.post("/api/v1/calls/upload", content=content, headers=headers)

    assert 413 == problem(answer)[0]
    assert "400000 bytes" in problem(answer)[1]
    assert {} == door.outside.bucket.objects


async def test_storage_that_fails_is_503(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that may pass asks for a retry and tells nothing of our insides."""

    async def fail(*_: Any) -> None:
        raise Transient("uploading a part: 10.0.0.7 refused", reason="storage_unavailable")

    monkeypatch.setattr(door.outside.bucket, "put_file", fail)
    answer = await door.hand_in()

    assert 503 == problem(answer)[0]
    assert "10.0.0.7" not in answer.text


async def listed(door: Door, query: str) -> tuple[list[str], str | None]:
    answer = (await door.get(f"/calls?{query}")).json()
    return [call["call_id"] for call in answer["calls"]], answer["next"]


async def seed(outside: Outside, count: int) -> None:
    """Calls c-0, c-1 …, a minute apart; pairs share their instant."""
    for n in range(count):
        key = CallKey(tenant_id="default", call_id=f"c-{n}")
        await outside.journal.begin(key, INGEST, NOW + timedelta(minutes=n // 2))


async def test_calls_are_paged_newest_first(door: Door) -> None:
    """Every call is on exactly one page, in order, also those of one instant."""
    await seed(door.outside, 5)
    page, cursor = await listed(door, "limit=2")
    seen = [page]
    while cursor:
        page, cursor = await listed(door, f"limit=2&cursor={cursor}")
        seen.append(page)

    assert [["c-4", "c-3"], ["c-2", "c-1"], ["c-0"]] == seen


async def test_calls_are_filtered_by_status_and_date(door: Door) -> None:
    """Filters are joined; until is exclusive."""
    await seed(door.outside, 4)
    await door.outside.journal.begin(KEY, TRANSCRIBE, NOW)
    at = "2026-11-22T10:31:00Z"

    assert (["c-1"], None) == await listed(door, "status=transcribing")
    assert (["c-3", "c-2"], None) == await listed(door, f"since={at}")
    assert (["c-0"], None) == await listed(door, f"until={at}&status=uploaded")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("cursor=!!", 400),
        ("cursor=YWJj", 400),
        ("cursor=MjAyNi0xMS0yMlQxMDozMDowMCBj", 400),
        ("limit=0", 422),
        ("limit=101", 422),
        ("status=asleep", 422),
        ("since=2026-11-22T10:31:00", 422),
    ],
)
async def test_a_bad_question_is_a_problem(door: Door, query: str, status: int) -> None:
    """What is asked wrongly is said."""
    assert status == problem(await door.get(f"/calls?{query}"))[0]


async def test_another_tenants_call_is_not_there(door: Door) -> None:
    """404, in the list and by id."""
    await door.outside.journal.begin(CallKey(tenant_id="acme", call_id="c-9"), INGEST, NOW)

    assert 404 == problem(await door.get("/calls/c-9"))[0]
    assert ([], None) == await listed(door, "")


@pytest.mark.parametrize(
    "path", ["/api/v1/calls/c-404", "/api/v1/calls/c-404/recording", "/api/v1/nothing", "/nothing"]
)
async def test_what_is_not_there_is_a_problem(door: Door, path: str) -> None:
    """Unknown calls and unknown addresses alike."""
    assert 404 == problem(await door.client.get(path))[0]


async def test_a_wrong_method_is_a_problem(door: Door) -> None:
    """405 says so in the same shape."""
    answer = await door.client.delete("/api/v1/calls")

    assert 405 == problem(answer)[0]
    assert "GET" in answer.headers["allow"]


def evidence(quote: str, *, verified: bool) -> Evidence:
    times = {"speaker": "agent", "start_ms": 0, "end_ms": 900} if verified else {}
    return Evidence(utterance_ids=("u1",), quote=quote, verified=verified, **times)


def pain(*pieces: Evidence) -> PainPoint[Evidence]:
    return PainPoint[Evidence](description="slow", severity="low", category="speed", evidence=pieces)


async def complete(outside: Outside) -> None:
    """Call c-1 has been through every stage."""
    utterance = Utterance(id="u1", speaker="agent", channel=0, start_ms=0, end_ms=900, text="it is slow")
    await outside.transcripts.keep(
        Transcript(**dict(KEY), language="en", duration_ms=1000, utterances=(utterance,), work=WORK)
    )
    sentiment = Sentiment(overall="neutral", score=0, confidence=1, reasoning="", by_speaker=())
    empty: dict[str, Any] = dict.fromkeys(
        [
            "entities",
            "objections",
            "competitors",
            "key_topics",
            "next_steps",
            "questions_raised",
            "commitments",
        ],
        (),
    )
    true, false = evidence("it is slow", verified=True), evidence("it is fast", verified=False)
    insights = Insights[Evidence](
        summary="Slow.",
        language="en",
        call_type="support",
        call_outcome="unknown",
        engagement_level="low",
        sentiment=sentiment,
        pain_points=(pain(true, false), pain(false)),
        **empty,
    )
    await outside.analyses.keep(Analysis(**dict(KEY), insights=insights, prompt_version="1", work=WORK))
    for minute, stage in enumerate((INGEST, TRANSCRIBE, ANALYZE, EMBED)):
        await outside.journal.begin(KEY, stage, NOW + timedelta(minutes=minute))
        await outside.journal.finish(KEY, stage, NOW + timedelta(minutes=minute), 1.5, WORK)


async def test_a_completed_call_tells_everything(door: Door) -> None:
    """Status, journal, transcript, cost; and of the analysis only what was really said."""
    await complete(door.outside)
    call = await door.call("c-1")

    assert ("completed", 0.08, None) == (call["status"], call["cost_usd"], call["error"])
    assert ["ingest", "transcribe", "analyze", "embed"] == list(call["journal"])
    assert (1, 1.5, "fake") == tuple(
        call["journal"]["transcribe"][name] for name in ("attempts", "processing_time_seconds", "provider")
    )
    assert ("speech", "it is slow") == (
        call["transcript"]["outcome"],
        call["transcript"]["utterances"][0]["text"],
    )
    (finding,) = call["analysis"]["insights"]["pain_points"]
    quoted = [(q["quote"], q["speaker"], q["start_ms"], q["end_ms"]) for q in finding["evidence"]]
    assert (1, [("it is slow", "agent", 0, 900)]) == (call["analysis"]["unverified"], quoted)


async def test_an_unchanged_call_is_not_sent_again(door: Door) -> None:
    """The ETag is good until the call changes."""
    await complete(door.outside)
    first = await door.get("/calls/c-1")
    etag = first.headers["etag"]
    again = await door.get("/calls/c-1", **{"If-None-Match": f'"other", W/{etag}'})
    await door.outside.journal.begin(KEY, EMBED, NOW + timedelta(hours=1))
    changed = await door.get("/calls/c-1", **{"If-None-Match": etag})

    assert (304, b"", etag) == (again.status_code, again.content, again.headers["etag"])
    assert 200 == changed.status_code


async def test_a_settled_call_is_put_together_once(door: Door) -> None:
    """The second answer comes from the cache; a call still under way is never cached."""
    await complete(door.outside)
    await door.outside.journal.begin(CallKey(tenant_id="default", call_id="c-2"), INGEST, NOW)
    first = await door.get("/calls/c-1")
    door.outside.rows["transcripts"]._collection.drop()
    second = await door.get("/calls/c-1")
    await door.get("/calls/c-2")

    assert first.content == second.content
    assert 1 == len(door.outside.cache.kept)


async def test_a_failed_call_says_why(door: Door) -> None:
    """The reason is a code and a sentence."""
    call_id = (await door.hand_in(b"this is no audio")).json()["call_id"]
    call = await door.call(call_id)

    assert ("failed", "ingest", "unreadable_audio", 0) == (
        call["status"],
        call["error"]["stage"],
        call["error"]["reason"],
        call["error"]["retry_count"],
    )
    assert call["error"]["message"]
    assert 404 == problem(await door.get(f"/calls/{call_id}/recording"))[0]


async def test_a_recording_is_at_an_address_of_its_own(door: Door) -> None:
    """The client is led to the storage, and nobody remembers the address."""
    call_id = (await door.hand_in()).json()["call_id"]
    answer = await door.get(f"/calls/{call_id}/recording")

    assert (307, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert (
        f"https://s3.test/{BUCKET}/default/2026/11/22/{call_id}.wav?expires=300" == answer.headers["location"]
    )


async def test_search_asks_the_index_for_the_tenant(door: Door) -> None:
    """Words and vector go in, passages with their places in the call come out."""
    hit = Hit(
        call_id="c-1",
        chunk_id="c-1:1:0",
        score=0.5,
        text="it is slow",
        highlights=("it is <em>slow</em>",),
        speakers=("agent",),
        utterance_ids=("u1",),
        start_ms=0,
        end_ms=900,
    )
    door.outside.index.hits.append(hit)
    answer = await door.get("/search?q=slow&limit=5")

    assert [("default", "slow", 5)] == door.outside.index.asked
    assert {"query": "slow", "hits": [hit.model_dump(mode="json")]} == answer.json()


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?q=x&limit=51"])
async def test_an_empty_question_is_a_problem(door: Door, query: str) -> None:
    """Nothing is asked of the index."""
    assert 422 == problem(await door.get(f"/search{query}"))[0]
    assert [] == door.outside.index.asked


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
    outside = Outside(door_settings(rate_limit="3/minute"))
    async with open_redis(RedisSettings(redis_endpoint="127.0.0.1:1")) as redis:
        outside.limiter, outside.cache = Limiter("3/minute", redis), AnswerCache(redis)
        async with opened(outside) as door:
            await complete(outside)
            answers = [await door.get("/calls/c-1") for _ in range(4)]

    assert [200, 200, 200, 429] == [answer.status_code for answer in answers]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60


async def test_a_file_just_over_the_limit_is_refused_too(door: Door) -> None:
    """The limit is the file's, not that of the body around it."""
    answer = await door.hand_in(bytes(400_001))

    assert (413, {}) == (problem(answer)[0], door.outside.bucket.objects)


@pytest.mark.parametrize(
    ("host", "status"),
    [("calls.test", 403), ("[", 403), ("", 403), ("localhost:8000", 200), ("[::1]:8000", 200)],
)
async def test_another_name_for_loopback_is_not_trusted(door: Door, host: str, status: int) -> None:
    """Behind a proxy, or under a name somebody else gave to loopback, the door is closed."""
    assert status == (await door.get("/calls", Host=host)).status_code


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
    paths = ("/api/v1/health", "/docs", "/redoc", "/openapi.json", "/metrics")

    assert [200] * 5 == [(await door.client.get(path)).status_code for path in paths]
    assert 200 == (await door.client.get("/health/live")).status_code


async def test_health_says_when_the_queue_is_away(door: Door) -> None:
    """503, since nothing can be handed in."""
    door.hears_nothing()

    assert 503 == problem(await door.get("/health"))[0]


async def test_pages_of_a_known_origin_may_call(door: Door) -> None:
    """CORS: the configured origin and no other."""
    known = await door.get("/calls", Origin="http://localhost:3000")
    other = await door.get("/calls", Origin="http://evil.test")

    assert "http://localhost:3000" == known.headers["access-control-allow-origin"]
    assert "access-control-allow-origin" not in other.headers


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


async def test_a_call_without_words_has_an_empty_analysis(door: Door) -> None:
    """No insights: nothing was said."""
    await door.outside.journal.begin(KEY, ANALYZE, NOW)
    await door.outside.analyses.keep(Analysis(**dict(KEY), insights=None, prompt_version="1", work=WORK))
    expected = {"revision": 1, "prompt_version": "1", "unverified": 0, "insights": None}

    assert expected == (await door.call("c-1"))["analysis"]


async def test_the_description_names_every_endpoint(door: Door) -> None:
    """OpenAPI is what clients are made from."""
    paths = (await door.client.get("/openapi.json")).json()["paths"]

    assert {
        "/api/v1/health",
        "/api/v1/health/detailed",
        "/api/v1/calls/upload",
        "/api/v1/calls",
        "/api/v1/calls/{call_id}",
        "/api/v1/calls/{call_id}/recording",
        "/api/v1/calls/{call_id}/redo",
        "/api/v1/search",
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


async def test_an_entrys_times_are_in_utc(door: Door) -> None:
    """Clients compare times."""
    await seed(door.outside, 1)
    created = datetime.fromisoformat((await door.call("c-0"))["created_at"])

    assert NOW == created.astimezone(UTC)
