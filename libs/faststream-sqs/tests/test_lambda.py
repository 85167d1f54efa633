"""Handlers in AWS Lambda: the mapping's records come in, only the failures go back."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faststream.exceptions import NackMessage, RejectMessage, SetupError, SubscriberNotFound
from faststream_sqs import (
    BatchFailure,
    FakeSQS,
    LambdaHandler,
    SQSBatchMessage,
    SQSBroker,
    SQSMessage,
    make_lambda_handler,
)

MakeBroker = Callable[..., SQSBroker]


def record(number: int, *, body: object = None, queue: str = "work", **facts: Any) -> dict[str, Any]:
    """As Lambda's documentation shows it."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"}
    group = facts.pop("group", None)
    return {
        "messageId": f"id-{number}",
        "receiptHandle": f"handle-{number}",
        "body": json.dumps(number if body is None else body),
        "attributes": attributes | ({"MessageGroupId": group} if group else {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:000000000000:{queue}",
        "awsRegion": "eu-central-1",
    } | facts


def event(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def failed(report: Any) -> list[int]:
    return [int(item["itemIdentifier"].removeprefix("id-")) for item in report["batchItemFailures"]]


async def test_only_failures_go_back(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A message whose handler failed is reported by its id, whatever became of its neighbours."""
    broker = make_broker()

    @broker.subscriber("work", max_workers=10)
    @broker.publisher("results")
    async def handle(number: int) -> int:
        if number % 2:
            raise RuntimeError("no")
        return number

    report = await make_lambda_handler(broker).handle(event(*map(record, range(5))))

    assert [1, 3] == failed(report)
    assert ["0", "2", "4"] == sorted(fake.bodies("results"))
    assert 0 == fake.requests["receive_message"]


async def test_the_whole_message_arrives(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Headers, counts and binary attributes are there as with any other delivery."""
    broker, found = make_broker(), []

    @broker.subscriber("work")
    async def handle(body: str, message: SQSMessage) -> None:
        found.append((body, message.headers, message.receive_count, message.queue))

    attributes = {
        "tenant": {"stringValue": "acme", "stringListValues": [], "dataType": "String"},
        "raw": {"binaryValue": base64.b64encode(b"\x00").decode(), "dataType": "Binary"},
    }
    one = record(1, body="x", messageAttributes=attributes)
    one["attributes"]["ApproximateReceiveCount"] = "3"
    await make_lambda_handler(broker).handle(event(one))

    assert [("x", {"tenant": "acme", "raw": b"\x00"}, 3, "work")] == found


async def test_a_failed_message_closes_its_group(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """On a FIFO queue the rest of a failed message's group fails unhandled, other groups go on."""
    fake.add_queue("line.fifo")
    broker, handled = make_broker(), []

    @broker.subscriber("line.fifo", max_workers=4)
    async def handle(number: int) -> None:
        handled.append(number)
        if number == 2:
            raise RuntimeError("no")

    groups = {1: "a", 2: "a", 3: "b", 4: "a", 5: "b"}
    records = [record(n, queue="line.fifo", group=group) for n, group in groups.items()]
    report = await make_lambda_handler(broker).handle(event(*records))

    assert ([2, 4], [1, 2, 3, 5]) == (failed(report), sorted(handled))


@pytest.mark.parametrize(
    ("error", "reported", "dead"),
    [
        pytest.param(RejectMessage(reason="spoilt"), [], ["1"], id="reject"),
        pytest.param(NackMessage(), [1], [], id="nack"),
        pytest.param(None, [], [], id="success"),
    ],
)
async def test_verdicts(
    fake: FakeSQS,
    make_broker: MakeBroker,
    error: Exception | None,
    reported: list[int],
    dead: list[str],
) -> None:
    """A rejected message lies in the dead-letter queue and is no failure, a returned one is."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        if error:
            raise error

    report = await make_lambda_handler(broker).handle(event(record(1)))

    assert (reported, dead) == (failed(report), fake.bodies("dead"))


async def test_what_cannot_be_read_is_rejected_at_once(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """An invalid message goes to the dead-letter queue on its first delivery."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(number: int) -> None: ...

    report = await make_lambda_handler(broker).handle(event(record(1, body="no number")))

    assert ([], ['"no number"']) == (failed(report), fake.bodies("dead"))


async def test_a_copy_that_fails_is_a_failure(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A rejected message without its copy is reported, so that Lambda keeps it."""
    broker = make_broker()

    @broker.subscriber("work")
    async def handle(number: int) -> None:
        raise RejectMessage

    handler = make_lambda_handler(broker)
    fake.fail("send_message_batch", times=100)

    assert [1] == failed(await handler.handle(event(record(1))))


async def test_nack_with_a_delay(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """`NackMessage(delay=)` sets the message's visibility; without a delay no request is made."""
    broker = make_broker()

    @broker.subscriber("work", max_workers=2)
    async def handle(number: int) -> None:
        raise NackMessage(delay=40) if number == 1 else NackMessage()

    report = await make_lambda_handler(broker).handle(event(record(1), record(2)))

    assert [1, 2] == failed(report)
    (changed,) = [request for action, request in fake.log if action == "change_message_visibility_batch"]
    assert [("handle-1", 40)] == [
        (one["ReceiptHandle"], one["VisibilityTimeout"]) for one in changed["Entries"]
    ]


async def test_batch_handlers(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A handler of lists gets batches of its size, and names those that failed."""
    broker, sizes = make_broker(), []

    @broker.subscriber("work", batch=True, batch_size=3)
    async def handle(numbers: list[int], message: SQSBatchMessage) -> None:
        sizes.append(len(numbers))
        if 4 in numbers:
            raise BatchFailure({message.messages[numbers.index(4)].message_id: RuntimeError("no")})

    report = await make_lambda_handler(broker).handle(event(*map(record, range(5))))

    assert ([3, 2], [4]) == (sizes, failed(report))


async def test_fifo_batches(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """In batches, too, what is behind a failed message of its group fails with it."""
    fake.add_queue("line.fifo")
    broker, seen = make_broker(), []

    @broker.subscriber("line.fifo", batch=True, batch_size=2)
    async def handle(numbers: list[int], message: SQSBatchMessage) -> None:
        seen.extend(numbers)
        if 1 in numbers:
            raise BatchFailure({message.messages[numbers.index(1)].message_id: RuntimeError("no")})

    records = [record(n, queue="line.fifo", group="ab"[n % 2]) for n in range(6)]
    report = await make_lambda_handler(broker).handle(event(*records))

    assert ([1, 3, 5], [0, 1, 2, 4]) == (failed(report), seen)


async def test_time_runs_out(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """Shortly before Lambda ends the process, what is unfinished is cancelled and reported alone."""
    broker = make_broker()

    @broker.subscriber("work", max_workers=2)
    async def handle(number: int) -> None:
        await asyncio.sleep(10_000 if number == 1 else 1)

    started = asyncio.get_running_loop().time()
    report = await make_lambda_handler(broker).handle(event(record(0), record(1)), 10)

    assert ([1], 9) == (failed(report), asyncio.get_running_loop().time() - started)


async def test_logical_names(fake: FakeSQS, make_broker: MakeBroker) -> None:
    """A queue an operator put elsewhere is found by its real name."""
    broker, found = make_broker(queue_urls={"jobs": "work"}), []

    @broker.subscriber("jobs")
    async def handle(number: int) -> None:
        found.append(number)

    assert [] == failed(await make_lambda_handler(broker).handle(event(record(1))))
    assert [1] == found


async def test_messages_of_an_unknown_queue(make_broker: MakeBroker) -> None:
    """A mapping of a queue nobody consumes is an error, so that Lambda keeps the messages."""
    with pytest.raises(SubscriberNotFound, match="'work'"):
        await make_lambda_handler(make_broker()).handle(event(record(1)))


async def test_events_of_another_service(make_broker: MakeBroker) -> None:
    """An event that is not SQS's is refused by name."""
    with pytest.raises(ValueError, match="aws:kinesis"):
        await make_lambda_handler(make_broker()).handle(event(record(1, eventSource="aws:kinesis")))


async def test_taking_by_hand(make_broker: MakeBroker) -> None:
    """In Lambda nothing can be polled, and it says so."""
    broker = make_broker()
    subscriber = broker.subscriber("work")
    await make_lambda_handler(broker).handle(event())

    with pytest.raises(SetupError, match="by hand"):
        await subscriber.get_one()


class Remaining:
    """Lambda's context, as far as it matters."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.fixture
def handler(fake: FakeSQS) -> Iterator[LambdaHandler]:
    broker = SQSBroker(client_factory=fake.client, logger=None)

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(number: int) -> int:
        return number

    made = make_lambda_handler(broker)
    yield made
    made.close()


def test_lambda_calls_it(fake: FakeSQS, handler: LambdaHandler) -> None:
    """It is a plain function to Lambda, connected once for many events."""
    reports = [handler(event(record(n)), Remaining()) for n in range(3)]

    assert [[], [], []] == list(map(failed, reports))
    assert ["0", "1", "2"] == fake.bodies("results")
    assert 1 == fake.requests["get_queue_attributes"]


def test_it_can_be_closed_and_used_again(fake: FakeSQS, handler: LambdaHandler) -> None:
    """Closing disconnects the broker; the next event connects it anew."""
    handler(event(record(1)))
    handler.close()
    handler(event(record(2)))

    assert ["1", "2"] == fake.bodies("results")
