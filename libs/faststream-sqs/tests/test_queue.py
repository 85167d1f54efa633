"""Queues, retries and their text forms."""

import json

import pytest
from faststream_sqs import ConstantRetry, ExponentialRetry, LinearRetry, RedrivePolicy, SQSQueue
from faststream_sqs.engine.queues import mismatches


@pytest.mark.parametrize(
    ("given", "name", "url", "owner"),
    [
        ("work", "work", "", None),
        ("https://sqs.eu-1.amazonaws.com/1/work", "work", "https://sqs.eu-1.amazonaws.com/1/work", None),
        ("arn:aws:sqs:eu-1:123:work", "work", "", "123"),
    ],
)
def test_given_as(given: str, name: str, url: str, owner: str | None) -> None:
    """A queue may be given as its name, its URL or its ARN."""
    queue = SQSQueue(given)

    assert (name, url, owner) == (queue.name, queue.url, queue.owner_account_id)


def test_fifo_by_its_name() -> None:
    """A queue whose name says so is FIFO."""
    assert [True, False] == [SQSQueue("line.fifo").fifo, SQSQueue("line").fifo]


def test_hashable() -> None:
    """Queues can be members of sets, tags and policies notwithstanding."""
    assert 1 == len({SQSQueue("a", tags={"x": "y"}), SQSQueue("a", tags={"x": "y"})})


def test_needs_a_name() -> None:
    """An empty name is refused."""
    with pytest.raises(ValueError, match="a name, a URL or an ARN"):
        SQSQueue("")


def test_mismatches() -> None:
    """A queue is compared in what was declared, and only in that."""
    declared = SQSQueue("work", visibility_timeout=60, redrive=RedrivePolicy("dead", 3))
    redrive = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:r:1:dead", "maxReceiveCount": "3"})

    same = mismatches(declared, {"VisibilityTimeout": "60", "RedrivePolicy": redrive, "DelaySeconds": "9"})
    different = mismatches(declared, {"VisibilityTimeout": "30"})

    assert ([], 2) == (same, len(different))


def test_exponential_retry_is_fully_jittered() -> None:
    """The wait is anything up to a ceiling that doubles until the cap."""
    longest = ExponentialRetry(base=1, cap=300, jitter=lambda _, most: most)

    assert [1, 2, 4, 300] == [longest.delay(count) for count in (1, 2, 3, 1000)]


def test_other_retries() -> None:
    """Linear waits grow by a step up to the cap, constant ones do not."""
    assert [10, 20, 25] == [LinearRetry(step=10, cap=25).delay(count) for count in (1, 2, 3)]
    assert [5, 5] == [ConstantRetry(5).delay(count) for count in (1, 9)]
