"""pipelinectl on servers: what it makes, sees and mends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.clients import open_sqs
from common.ctl.main import app
from common.ctl.rights import RIGHTS
from common.entry import Failure
from common.journal import Journal
from common.model import Call, Damage, ObjectRef
from common.pipeline import ANALYZE, INGEST, PIPELINE, TRANSCRIBE, dead_letter_name
from common.settings import AwsSettings
from common.store import Store
from common.transcripts import transcripts_in
from nouns import KEY, reopen, transcript, work
from servers import Servers
from typer.testing import CliRunner

Result = Any
STAGES = {stage.name for stage in PIPELINE}
Ctl = Callable[..., Awaitable[Result]]


@pytest.fixture
async def sqs(server: Servers) -> AsyncIterator[Any]:
    settings = AwsSettings.model_validate({"aws_region": "us-east-1", "aws_endpoint_url_sqs": server("sqs")})
    async with open_sqs(settings) as sqs:
        yield sqs


@pytest.fixture
def environment(server: Servers, fresh: str) -> dict[str, str]:
    """What an image is told, under names of this test's own; queue URLs as the server spells them."""
    sqs = server("sqs")
    queues = {f"SQS_{s.name.upper()}_QUEUE_URL": f"{sqs}/000000000000/{fresh}-{s.name}" for s in PIPELINE}
    return {
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_SQS": sqs,
        "AWS_ENDPOINT_URL_S3": server("s3"),
        "S3_BUCKET_AUDIO": f"{fresh}-audio",
        "S3_BUCKET_TRANSCRIPTS": f"{fresh}-transcripts",
        "MONGODB_URI": server("mongo"),
        "MONGODB_DATABASE": fresh,
        "REDIS_ENDPOINT": server("redis"),
        "OPENSEARCH_URL": server("search"),
        "OPENSEARCH_INDEX": fresh,
        **queues,
    }


@pytest.fixture
async def ctl(
    environment: dict[str, str], database: Any, search: Any, s3: Any, sqs: Any, fresh: str
) -> AsyncIterator[Ctl]:
    """Run a command in a process-like environment; everything it makes is taken away again."""

    async def run(*arguments: str, **changed: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, app, list(arguments), env=environment | {"COLUMNS": "200"} | changed
        )

    async with AsyncExitStack() as life:
        life.push_async_callback(_cleared, s3, sqs, fresh)
        yield run


async def _cleared(s3: Any, sqs: Any, fresh: str) -> None:
    for url in (await sqs.list_queues(QueueNamePrefix=fresh)).get("QueueUrls", []):
        await sqs.delete_queue(QueueUrl=url)
    for bucket in (await s3.list_buckets())["Buckets"]:
        if bucket["Name"].startswith(fresh):
            await s3.delete_bucket(Bucket=bucket["Name"])


@pytest.fixture
async def made(ctl: Ctl) -> Ctl:
    result = await ctl("bootstrap")
    assert 0 == result.exit_code, result.output
    return ctl


async def told(ctl: Ctl, *arguments: str) -> Any:
    result = await ctl(*arguments, "--json")
    assert 0 == result.exit_code, result.output
    return json.loads(result.stdout)


async def url_of(sqs: Any, fresh: str, queue: str) -> str:
    return str((await sqs.get_queue_url(QueueName=f"{fresh}-{queue}"))["QueueUrl"])


async def test_bootstrap_makes_what_doctor_looks_for(made: Ctl) -> None:
    """Made twice it is the same; then nothing is wrong, and each check has a name."""
    again = await told(made, "bootstrap")
    findings = await told(made, "doctor")

    assert {"queue", "bucket", "notification", "indexes", "search index"} == {one["what"] for one in again}
    assert [] == [one for one in findings if one["state"] in {"fail", "warn"}]
    checks = {one["check"] for one in findings}
    assert {f"queue.{stage.name}.dlq" for stage in PIPELINE} <= checks
    assert {"mongodb", "redis", "opensearch", "mongodb.indexes", "opensearch.pipeline"} <= checks


async def test_doctor_says_what_is_wrong_and_what_to_do(made: Ctl, sqs: Any, fresh: str) -> None:
    """And ends with 1: a changed queue, a bucket that is not there, a server that does not answer."""
    await sqs.set_queue_attributes(
        QueueUrl=await url_of(sqs, fresh, "embed"), Attributes={"VisibilityTimeout": "30"}
    )
    result = await made("doctor", "--json", S3_BUCKET_AUDIO=f"{fresh}-nowhere", REDIS_ENDPOINT="127.0.0.1:1")

    wrong = {one["check"]: one for one in json.loads(result.stdout) if one["state"] == "fail"}
    assert 1 == result.exit_code
    assert {"queue.embed.visibility", f"bucket.{fresh}-nowhere", "redis"} == set(wrong)
    assert all(one["remedy"] for one in wrong.values())


@pytest.mark.parametrize("workload", ["ingest-api", "transcriber"])
async def test_doctor_asks_for_rights_and_leaves_nothing(
    made: Ctl, workload: str, sqs: Any, s3: Any, fresh: str
) -> None:
    """Where nothing is refused; no message, object or unfinished upload is left behind."""
    findings = await told(made, "doctor", "--as", workload)

    assert [] == [one for one in findings if one["state"] in {"fail", "warn"}]
    assert {f"queue.{name}.rights" for name in RIGHTS[workload] if name in STAGES} <= {
        one["check"] for one in findings if one["state"] == "ok"
    }
    for stage in PIPELINE:
        answer = await sqs.receive_message(
            QueueUrl=await url_of(sqs, fresh, stage.name), MaxNumberOfMessages=10
        )
        assert [] == [one for one in answer.get("Messages", []) if "s3:TestEvent" not in one["Body"]]
    for bucket in (f"{fresh}-audio", f"{fresh}-transcripts"):
        assert [] == (await s3.list_objects_v2(Bucket=bucket)).get("Contents", [])
        assert [] == (await s3.list_multipart_uploads(Bucket=bucket)).get("Uploads", [])


async def test_doctor_knows_an_index_that_is_not_ours(made: Ctl, search: Any, fresh: str) -> None:
    """One that a stray write created holds no vectors; one that is missing may be so."""
    await search.indices.create(
        index=f"{fresh}-chunks-stray", body={"mappings": {"properties": {"text": {"type": "text"}}}}
    )
    stray = json.loads((await made("doctor", "--json", EMBEDDING_MODEL="stray")).stdout)
    missing = json.loads((await made("doctor", "--json", EMBEDDING_MODEL="nowhere")).stdout)

    assert ["fail", "warn"] == [
        one["state"] for found in (stray, missing) for one in found if one["check"] == "opensearch.index"
    ]


async def test_reindex_shows_what_it_would_do_and_then_does_it(made: Ctl, search: Any, fresh: str) -> None:
    """Without calls there is nothing to pay for: the alias moves on, and the old index goes if it is to."""
    wanted = ("reindex", "--to", "nowhere", "--dims", "8")
    plan = await told(made, *wanted, "--dry-run")
    before = set(await search.indices.get(index=f"{fresh}-*"))
    done = await told(made, *wanted, "--yes", "--drop-old")
    lost = await made("reindex", "--to", "nowhere")

    name = f"{fresh}-chunks-nowhere-8-v2"
    assert (name, 0, None) == (plan["index"], plan["missing"], plan["usd"])
    assert {"index": name, "announced": 0, "before": list(before), "dropped": True} == done
    assert {name} == set(await search.indices.get(index=f"{fresh}-*"))
    assert (1, True) == (lost.exit_code, "name --dims" in lost.output)


async def test_reindex_asks_before_it_pays(made: Ctl) -> None:
    """Whoever says nothing pays nothing."""
    result = await made("reindex")

    assert (1, True) == (result.exit_code, "Embed 0 of 0 calls into" in result.output)


async def test_doctor_knows_no_other_workload(made: Ctl) -> None:
    """A name that is none of ours is a wrong command line."""
    assert 2 == (await made("doctor", "--as", "intern")).exit_code


async def test_doctor_needs_no_more_than_the_image_is_told(made: Ctl) -> None:
    """What an image has no business with is skipped, not wrong."""
    result = await made("doctor", "--json", REDIS_ENDPOINT="", OPENSEARCH_URL="", S3_BUCKET_AUDIO="")

    skipped = {one["check"] for one in json.loads(result.stdout) if one["state"] == "skipped"}
    assert 0 == result.exit_code
    assert {"REDIS_ENDPOINT", "OPENSEARCH_URL", "S3_BUCKET_AUDIO"} <= skipped


async def test_a_secret_is_never_told(made: Ctl) -> None:
    """Not in an address that does not answer, either."""
    result = await made(
        "doctor", MONGODB_URI="mongodb://me:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=200"
    )

    assert (1, False) == (result.exit_code, "hunter2" in result.output)


@pytest.fixture
async def journal(database: Any) -> Journal:
    """A call that was analysed once and failed; its transcript is kept."""
    now = datetime.now(UTC)
    journal = Journal(database["journal"], "pod-a")
    await journal.begin(KEY, INGEST, now)
    await journal.finish(KEY, INGEST, now, 1.0, None)
    await journal.begin(KEY, TRANSCRIBE, now)
    await journal.finish(KEY, TRANSCRIBE, now, 2.0, work("gpt-transcribe", cost_usd=0.25))
    await journal.begin(KEY, ANALYZE, now)
    failure = Failure(stage="analyze", reason="provider_refused", message="refused", timestamp=now)
    await journal.fail(KEY, ANALYZE, now, failure, final=True)
    recording = ObjectRef(bucket="calls", key="a.json")
    await Store(database["calls"], Call).keep(Call(**dict(KEY), transcript=recording, created_at=now))
    await transcripts_in(database).keep(transcript())
    return journal


async def test_a_call_is_shown(made: Ctl, journal: Journal) -> None:
    """To a program and to a person; an unknown one has an exit code of its own."""
    shown = await told(made, "show", KEY.call_id, "--tenant", "acme")
    read = await made("show", KEY.call_id, "--tenant", "acme")

    assert ("failed", "provider_refused", 0.25) == (shown["status"], shown["reason"], shown["cost_usd"])
    assert ["ingest", "transcribe", "analyze"] == [one["stage"] for one in shown["attempts"]]
    assert "reason: provider_refused" in read.stdout.splitlines()
    assert 3 == (await made("show", KEY.call_id)).exit_code


async def test_what_is_amiss_with_a_transcript_is_shown(made: Ctl, journal: Journal, database: Any) -> None:
    """In one line; where nothing is, there is nothing to say."""
    before = await told(made, "show", KEY.call_id, "--tenant", "acme")
    again = KEY.model_copy(update={"revision": 2})
    damage = (Damage(what="cut_off", at_ms=5000),)
    await transcripts_in(database).keep(transcript(again).model_copy(update={"damage": damage}))
    await reopen(journal, KEY, TRANSCRIBE, 0, datetime.now(UTC))
    after = await told(made, "show", KEY.call_id, "--tenant", "acme")

    assert (None, "cut_off at 0:00:05") == (before["heard"], after["heard"])


async def test_what_is_in_flight_is_shown(made: Ctl, journal: Journal) -> None:
    """Which call, in whose hands, at which attempt."""
    other = KEY.model_copy(update={"call_id": "c-43"})
    await journal.begin(other, TRANSCRIBE, datetime.now(UTC) - timedelta(minutes=1))
    (flight,) = await told(made, "ps")

    assert ("c-43", "transcribe", "pod-a", 1) == (
        flight["call_id"],
        flight["stage"],
        flight["held_by"],
        flight["attempt"],
    )
    assert 60 <= flight["seconds"] < 120


async def test_queues_and_the_last_hour_are_counted(
    made: Ctl, journal: Journal, sqs: Any, fresh: str
) -> None:
    """What waits on the queues, what was done, what it cost."""
    await sqs.send_message(QueueUrl=await url_of(sqs, fresh, "embed"), MessageBody="{}")
    await sqs.send_message(QueueUrl=await url_of(sqs, fresh, "analyze-dlq"), MessageBody="{}")
    counted = {one["stage"]: one for one in await told(made, "stats")}

    assert (1, 0, 0) == tuple(counted["embed"][name] for name in ("visible", "in_flight", "dlq"))
    assert (1, 1) == (counted["analyze"]["dlq"], counted["analyze"]["failed_last_hour"])
    transcribe = counted["transcribe"]
    assert (1, 2.0, 0.25) == tuple(
        transcribe[name] for name in ("done_last_hour", "mean_seconds", "cost_usd_last_hour")
    )


async def test_a_call_is_done_again(made: Ctl, journal: Journal, database: Any, sqs: Any, fresh: str) -> None:
    """The event before the stage is announced in the next revision; the old revision stays as it was."""
    opened = await told(made, "redo", KEY.call_id, "--tenant", "acme", "--from", "analyze")
    answer = await sqs.receive_message(QueueUrl=await url_of(sqs, fresh, "analyze"), WaitTimeSeconds=5)

    (message,) = answer["Messages"]
    event = json.loads(message["Body"])
    assert (2, "transcribed") == (opened["revision"], opened["status"])
    assert ("call.transcribed.v1", 2, 4) == (event["type"], event["revision"], event["utterances"])
    old = await journal.find("acme", KEY.call_id, 1)
    assert old is not None
    assert "failed" == old.status
    (row,) = [row async for row in database["audit"].find({})]
    assert ("pipelinectl", "redo", KEY.call_id) == (row["who"], row["action"], row["what"])


async def test_what_was_never_kept_is_not_done_again(made: Ctl, journal: Journal) -> None:
    """Said in a sentence, with 1."""
    result = await made("redo", KEY.call_id, "--tenant", "acme", "--from", "embed")

    assert (1, True) == (result.exit_code, "the stage before embed kept nothing" in result.output)


@pytest.fixture
async def letters(made: Ctl, sqs: Any, fresh: str) -> Callable[[str], Awaitable[int]]:
    """Three dead letters, as the broker leaves them; how many messages a queue holds."""
    url = await url_of(sqs, fresh, dead_letter_name("analyze"))
    for n, reason in enumerate(("poison", "provider_refused", "poison")):
        await sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps({"call_id": f"c-{n}", "tenant_id": "acme"}),
            MessageAttributes={"x-dead-letter-reason": {"DataType": "String", "StringValue": reason}},
        )

    async def held(queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await sqs.get_queue_attributes(
            QueueUrl=await url_of(sqs, fresh, queue), AttributeNames=names
        )
        return sum(int(count) for count in answer["Attributes"].values())

    return held


async def test_dead_letters_are_listed_and_shown(made: Ctl, letters: Callable[[str], Awaitable[int]]) -> None:
    """By reason, then one by one; none goes missing by being looked at."""
    listed = await told(made, "dlq", "list")
    shown = await told(made, "dlq", "show", "analyze")

    assert [("analyze", "poison", 2), ("analyze", "provider_refused", 1)] == [
        (one["stage"], one["reason"], one["letters"]) for one in listed
    ]
    assert ["c-0", "c-1", "c-2"] == sorted(one["call_id"] for one in shown)
    assert (3, 2) == (await letters("analyze-dlq"), (await made("dlq", "show", "all")).exit_code)


async def test_dead_letters_go_back_for_a_reason(made: Ctl, letters: Callable[[str], Awaitable[int]]) -> None:
    """Those, and no others."""
    done = await told(made, "dlq", "redrive", "analyze", "--reason", "poison")

    assert (2, 1) == (done["moved"], done["left"])
    assert (2, 1) == (await letters("analyze"), await letters("analyze-dlq"))


async def test_all_dead_letters_go_back(made: Ctl, letters: Callable[[str], Awaitable[int]]) -> None:
    """By SQS's own task where the server has it."""
    done = await told(made, "dlq", "redrive", "analyze")

    assert (3, 0) == (done["moved"], done["left"])
    assert (3, 0) == (await letters("analyze"), await letters("analyze-dlq"))


async def test_a_parked_call_is_shown_and_released(made: Ctl, journal: Journal, database: Any) -> None:
    """Until when, why, and what its requests cost; a call that is not parked is not released."""
    until = datetime(2030, 1, 1, tzinfo=UTC)
    other = KEY.model_copy(update={"call_id": "c-43"})
    await journal.begin(other, TRANSCRIBE, datetime.now(UTC))
    await journal.park(other, TRANSCRIBE, datetime.now(UTC), until, "budget_exceeded")
    await database["ledger"].insert_one(
        {"tenant_id": "acme", "call_id": "c-43", "outcome": "started", "usd": None, "at_most_usd": 0.25}
    )
    shown = await told(made, "show", "c-43", "--tenant", "acme")
    (waiting,) = await told(made, "parked")
    released = await told(made, "unpark", "c-43", "--tenant", "acme")
    refused = await made("unpark", KEY.call_id, "--tenant", "acme")

    assert ("transcribing", "budget_exceeded") == (shown["status"], shown["parked_because"])
    assert (1, 0.0, 0.25) == tuple(shown["ledger"][name] for name in ("started", "usd", "at_most_usd"))
    assert ("c-43", "transcribe", until) == (
        waiting["call_id"],
        waiting["stage"],
        datetime.fromisoformat(waiting["until"]),
    )
    assert datetime.fromisoformat(released["parked_until"]) <= datetime.now(UTC)
    assert (1, "The call is not parked.") == (refused.exit_code, refused.stderr.strip())
