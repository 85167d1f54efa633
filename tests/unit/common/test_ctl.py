"""What pipelinectl tells, and what it does with dead letters, without any server."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from common.ctl.exam_aws import clock, configuration
from common.ctl.findings import encryption
from common.ctl.flights import flights
from common.ctl.letters import DeadLetters, as_it_was, letter_of
from common.ctl.main import app
from common.ctl.output import table
from common.ctl.registry import registered
from common.ctl.timeline import timeline
from common.depths import Queues
from common.entry import Entry, Failure, StageEntry, Step
from common.errors import Permanent, Transient
from common.pipeline import MAX_RECEIVE_COUNT, PIPELINE, VISIBILITY_TIMEOUT
from faststream_sqs import FakeSQS
from nouns import KEY
from typer.testing import CliRunner

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def step(what: str, seconds: float, by: str = "pod-a", **more: Any) -> Step:
    return Step.model_validate({"what": what, "at": at(seconds), "by": by, **more})


@pytest.fixture
def entry() -> Entry:
    """A call that was heard at the second attempt, and is being analysed by a pod that may be dead."""
    ingest = StageEntry(
        attempts=1, reported=1, finished_at=at(2), trail=(step("begun", 1), step("completed", 2, took=1.0))
    )
    heard = (
        step("begun", 5),
        step("retried", 6, reason="provider_unavailable"),
        step("begun", 10, "pod-b"),
        step("completed", 40, "pod-b", took=30.0),
    )
    transcribe = StageEntry(
        attempts=2,
        reported=2,
        causes={"provider_unavailable": 1},
        finished_at=at(40),
        cost_usd=0.5,
        trail=heard,
    )
    analyze = StageEntry(attempts=1, trail=(step("begun", 41, "pod-c"),))
    return Entry(
        **dict(KEY),
        rank=3,
        created_at=NOW,
        updated_at=at(41),
        stages={"ingest": ingest, "transcribe": transcribe, "analyze": analyze},
    )


def test_a_timeline_tells_every_attempt(entry: Entry) -> None:
    """Who held it, how long the call had waited before, how it ended and why."""
    told = timeline(entry)

    assert ("analyzing", "analyze", 0.5) == (told.status, told.waits_for, told.cost_usd)
    assert [
        ("ingest", 1.0, "pod-a", "completed", 1.0, None),
        ("transcribe", 3.0, "pod-a", "retried", 1.0, "provider_unavailable"),
        ("transcribe", 4.0, "pod-b", "completed", 30.0, None),
        ("analyze", 1.0, "pod-c", "no report", None, None),
    ] == [
        (one.stage, one.waited_seconds, one.held_by, one.outcome, one.seconds, one.reason)
        for one in told.attempts
    ]
    assert [("ingest", 1, 0), ("transcribe", 2, 1), ("analyze", 1, 0)] == [
        (one.stage, one.attempts, one.failed_attempts) for one in told.stages
    ]


def test_a_failed_calls_timeline_says_why(entry: Entry) -> None:
    """The code and the sentence."""
    failure = Failure(stage="analyze", reason="stuck", message="see why", timestamp=NOW)
    told = timeline(entry.model_copy(update={"failed": failure}))

    assert ("failed", None, "stuck", "see why") == (told.status, told.waits_for, told.reason, told.told)


def test_what_is_in_flight_names_its_holder(entry: Entry) -> None:
    """And since when."""
    (flight,) = flights(entry, at(101))

    assert ("analyze", "pod-c", 60.0, 1) == (flight.stage, flight.held_by, flight.seconds, flight.attempt)


def test_every_handler_is_registered() -> None:
    """With the event it takes and the one it announces."""
    found = registered()

    assert [stage.name for stage in PIPELINE] == [one.handler for one in found]
    assert ("call.analyzed.v1", None, "embed-dlq") == (
        found[-1].takes,
        found[-1].announces,
        found[-1].dead_letters,
    )


def test_a_table_is_as_wide_as_it_must_be() -> None:
    """Names above, nothing as a dash; no rows are none."""
    rows: list[dict[str, Any]] = [{"stage": "embed", "dlq": None}, {"stage": "x", "dlq": 12.5}]

    assert "stage  dlq\nembed  -\nx      12.5" == table(rows)
    assert "none" == table([])


def test_help_names_what_others_call_it() -> None:
    """Whoever comes from Celery finds the way; exit codes are told."""
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output

    for name in ("celery inspect active", "celery inspect stats", "celery inspect registered", "Exit codes"):
        assert name in told


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["show", "c-1"], 4, "MONGODB_URI: is not set"),
        (["redo", "c-1", "--from", "ingest"], 2, "none of transcribe, analyze, embed"),
        (["dlq", "list"], 4, "AWS_REGION: is not set"),
        (["bootstrap"], 4, "AWS_REGION: is not set"),
    ],
)
def test_what_is_missing_is_named(arguments: list[str], code: int, told: str) -> None:
    """With an exit code of its own, and no traceback."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    assert (code, True) == (result.exit_code, told in result.output)


def test_an_environment_that_names_nothing_is_not_healthy() -> None:
    """A doctor who was shown no patient says so, and what to set."""
    result = CliRunner().invoke(app, ["doctor", "--json"])

    wrong = [one for one in json.loads(result.stdout) if one["state"] == "fail"]
    assert (1, ["environment"]) == (result.exit_code, [one["check"] for one in wrong])
    assert ".env.example" in wrong[0]["remedy"]


def test_a_real_account_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it is asked for in so many words."""
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    result = CliRunner().invoke(app, ["bootstrap"])

    assert (1, True) == (result.exit_code, "--yes" in result.output)


def test_a_queue_is_compared_with_the_pipeline() -> None:
    """What differs is named, with both values and the remedy."""
    policy = json.dumps({"deadLetterTargetArn": "arn:q", "maxReceiveCount": MAX_RECEIVE_COUNT})
    right = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT), "RedrivePolicy": policy}
    bad = configuration("embed", right | {"VisibilityTimeout": "30"})

    assert ["ok", "ok"] == [finding.state for finding in configuration("embed", right)]
    assert ["fail", "ok"] == [finding.state for finding in bad]
    assert ("queue.embed.visibility", "30, not 60") == (bad[0].check, bad[0].told)


@pytest.mark.parametrize(
    ("seconds", "states"), [(0, ["ok"]), (59, ["ok"]), (3600, ["fail"])], ids=["none", "little", "an hour"]
)
def test_a_clock_that_is_wrong_is_told(seconds: int, states: list[str]) -> None:
    """Signatures made by it are refused."""
    found = clock("Sun, 22 Nov 2026 09:00:00 GMT", at(seconds))

    assert states == [finding.state for finding in found]
    assert [] == clock(None, NOW)


def test_only_this_machine_may_do_without_tls() -> None:
    """Elsewhere somebody might listen."""
    states = [
        encryption("redis", url, encrypted=encrypted).state
        for url, encrypted in (
            ("redis://127.0.0.1:6379", False),
            ("redis://cache:6379", False),
            ("rediss://cache:6379", True),
        )
    ]
    assert ["ok", "warn", "ok"] == states


@pytest.fixture
def sqs() -> FakeSQS:
    return FakeSQS()


@pytest.fixture
async def letters(sqs: FakeSQS) -> DeadLetters:
    """Two letters for one reason, one for another."""
    sqs.add_queue("analyze-dlq")
    queues = Queues(sqs, {"analyze": sqs.add_queue("analyze", dead_letter="analyze-dlq")})
    for n, reason in enumerate(("provider_refused", "poison", "provider_refused")):
        body = json.dumps({"call_id": f"c-{n}", "tenant_id": "acme"})
        sqs.put("analyze-dlq", body, MessageAttributes=attributes(reason), MessageGroupId="acme")
    return await DeadLetters.of(queues, "analyze")


def attributes(reason: str) -> dict[str, Any]:
    """As the broker notes them."""
    facts = {"x-dead-letter-reason": reason, "x-dead-letter-receive-count": "3", "content-type": "json"}
    return {name: {"DataType": "String", "StringValue": text} for name, text in facts.items()}


def calls(sqs: FakeSQS, queue: str) -> list[str]:
    return sorted(json.loads(body)["call_id"] for body in sqs.bodies(queue))


async def test_a_look_at_letters_leaves_them(letters: DeadLetters, sqs: FakeSQS) -> None:
    """Ids and reasons; what the event says is not shown unless it is asked for."""
    seen = [letter_of(one) for one in await letters.look(10)]

    assert {("c-0", "provider_refused", "3"), ("c-1", "poison", "3"), ("c-2", "provider_refused", "3")} == {
        (one.call_id, one.reason, one.receives) for one in seen
    }
    assert [None] * 3 == [one.body for one in seen]
    assert (3, 0) == (len(sqs.messages("analyze-dlq")), sqs.in_flight("analyze-dlq"))


async def test_letters_go_back_for_one_reason(letters: DeadLetters, sqs: FakeSQS) -> None:
    """The others stay, and can be seen at once."""
    done = await letters.redrive("provider_refused", None)

    assert (2, 1, "one by one") == (done.moved, done.left, done.moved_by)
    assert (["c-0", "c-2"], ["c-1"]) == (calls(sqs, "analyze"), calls(sqs, "analyze-dlq"))
    assert 0 == sqs.in_flight("analyze-dlq")


async def test_letters_go_back_as_they_were(letters: DeadLetters, sqs: FakeSQS) -> None:
    """With what their sender said of them, in their tenant's turn, without our note."""
    await letters.redrive(None, 1)

    (back,) = sqs.messages("analyze")
    assert {"content-type"} == set(back.entry["MessageAttributes"])
    assert (1, 2) == (len(sqs.messages("analyze")), len(sqs.messages("analyze-dlq")))


async def test_all_go_back_where_sqs_has_no_task_for_it(letters: DeadLetters, sqs: FakeSQS) -> None:
    """One by one, until none is left."""
    done = await letters.redrive(None, None)

    assert (3, 0, "one by one") == (done.moved, done.left, done.moved_by)
    assert ["c-0", "c-1", "c-2"] == calls(sqs, "analyze")


async def test_a_letter_is_not_deleted_before_its_copy_is_confirmed(
    letters: DeadLetters, sqs: FakeSQS
) -> None:
    """A queue that refuses loses nothing."""
    sqs.fail("send_message")

    with pytest.raises(Transient):
        await letters.redrive("poison", None)
    assert (3, 0) == (len(sqs.messages("analyze-dlq")), len(sqs.messages("analyze")))


async def test_a_copy_whose_letter_stays_is_one_too_many_never_one_too_few(
    letters: DeadLetters, sqs: FakeSQS
) -> None:
    """A second delivery of the same event changes nothing."""
    sqs.fail("delete_message")

    with pytest.raises(Transient):
        await letters.redrive("poison", None)
    assert (3, ["c-1"]) == (len(sqs.messages("analyze-dlq")), calls(sqs, "analyze"))


async def test_a_task_that_sqs_refuses_is_told() -> None:
    """Another redrive at the same time, for one."""
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "StartMessageMoveTask")

    class Moving(FakeSQS):
        async def start_message_move_task(self, **_request: Any) -> None:
            raise refused

    sqs = Moving()
    sqs.add_queue("embed-dlq")
    queues = Queues(sqs, {"embed": sqs.add_queue("embed", dead_letter="embed-dlq")})
    with pytest.raises(Permanent, match="SQS refused to move: AccessDenied"):
        await (await DeadLetters.of(queues, "embed")).redrive(None, None)


async def test_a_queue_without_dead_letters_is_told(sqs: FakeSQS) -> None:
    """Not taken for an empty one."""
    queues = Queues(sqs, {"embed": sqs.add_queue("embed")})

    with pytest.raises(Permanent, match="no redrive policy"):
        await DeadLetters.of(queues, "embed")
    with pytest.raises(Permanent, match="SQS_ANALYZE_QUEUE_URL is not set here"):
        await DeadLetters.of(queues, "analyze")


def test_a_letter_that_is_no_event_can_still_be_shown() -> None:
    """Somebody else's message, or a torn one."""
    strange = {"MessageId": "m", "Body": "{not json"}

    assert ("unknown", None) == (letter_of(strange).reason, letter_of(strange).call_id)
    assert "{not json" == letter_of(strange, with_body=True).body
    assert {"MessageBody": "{not json", "MessageAttributes": {}} == as_it_was(strange)
