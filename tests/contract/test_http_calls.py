"""What the HTTP door tells of calls."""

from datetime import UTC, datetime, timedelta

import pytest
from common.model import (
    Analysis,
    CallKey,
)
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from door_fakes import BUCKET
from door_scene import KEY, WORK, Door, complete, problem
from ingest_scene import NOW, Outside


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
    call_id = (await door.hand_in(b"RIFF, and then nothing\x00")).json()["call_id"]
    call = await door.call(call_id)

    assert ("failed", "ingest", "unreadable_audio", 0) == (
        call["status"],
        call["error"]["stage"],
        call["error"]["reason"],
        call["error"]["retry_count"],
    )
    assert call["error"]["message"].startswith(
        "The file cannot be opened as audio: it is damaged, or none of"
    )
    assert 404 == problem(await door.get(f"/calls/{call_id}/recording"))[0]


async def test_a_recording_is_at_an_address_of_its_own(door: Door) -> None:
    """The client is led to the storage, and nobody remembers the address."""
    call_id = (await door.hand_in()).json()["call_id"]
    answer = await door.get(f"/calls/{call_id}/recording")

    assert (307, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert (
        f"https://s3.test/{BUCKET}/default/2026/11/22/{call_id}.wav?expires=300" == answer.headers["location"]
    )


async def test_a_call_without_words_has_an_empty_analysis(door: Door) -> None:
    """No insights: nothing was said."""
    await door.outside.journal.begin(KEY, ANALYZE, NOW)
    await door.outside.analyses.keep(Analysis(**dict(KEY), insights=None, prompt_version="1", work=WORK))
    analysis = (await door.call("c-1"))["analysis"]

    assert (1, "1", 0, None, None) == tuple(
        analysis[name]
        for name in ("revision", "prompt_version", "unverified", "insights", "quality_validation")
    )


async def test_an_entrys_times_are_in_utc(door: Door) -> None:
    """Clients compare times."""
    await seed(door.outside, 1)
    created = datetime.fromisoformat((await door.call("c-0"))["created_at"])

    assert NOW == created.astimezone(UTC)
