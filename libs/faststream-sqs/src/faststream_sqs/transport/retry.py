"""How soon a failed request is made again, the same through both transports."""

import random
from collections.abc import Mapping
from typing import Any

import aiobotocore
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

FIRST_PAUSE = 0.05  # seconds before the second attempt, at most; then twice as long
THROTTLED_PAUSE = 1.0  # seconds, likewise, when SQS asked to slow down
LONGEST_PAUSE = 20.0  # seconds between two attempts
RECEIVE_ATTEMPTS = 2  # the poller backs off by itself: its attempts and these multiply
THROTTLED = frozenset(
    {
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "SlowDown",
        "RequestLimitExceeded",
        "KmsThrottled",
    }
)
REPEATABLE = frozenset({500, 502, 503, 504})  # HTTP statuses
# Before 3.8 aiobotocore took False for no pause and asked for ever: botocore's own limit holds there.
CAN_REFUSE = tuple(int(part) for part in aiobotocore.__version__.split(".")[:2]) >= (3, 8)
FREQUENT = (
    "ReceiveMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibilityBatch",
    "SendMessage",
    "SendMessageBatch",
)


def pause(attempt: int, *, throttled: bool = False) -> float:
    """Seconds to wait after so many attempts (from 1), all of it jitter."""
    first = THROTTLED_PAUSE if throttled else FIRST_PAUSE
    return random.random() * min(first * 2.0 ** (attempt - 1), LONGEST_PAUSE)  # noqa: S311 - jitter


def attempts_of(retries: Mapping[str, Any]) -> int:
    """How often a request is made at most; botocore counts either all attempts or only the repeated ones."""
    if "total_max_attempts" in retries:
        return int(retries["total_max_attempts"])
    return int(retries.get("max_attempts", 2)) + 1


def allowed(action: str, attempts: int) -> int:
    """How often this request is made, where a request is made so often."""
    return min(attempts, RECEIVE_ATTEMPTS) if action == "ReceiveMessage" else attempts


def quicken(client: Any) -> None:
    """Let an aiobotocore client repeat the frequent requests soon; botocore starts at up to a second."""
    retries = client.meta.config.retries or {}
    if retries.get("mode") != "standard":
        return  # somebody chose otherwise
    for action in FREQUENT:
        decision = Repetition(allowed(action, attempts_of(retries)))
        # What listens to the longer name answers first, and the first answer counts.
        client.meta.events.register(f"needs-retry.sqs.{action}", decision)


class Repetition:
    """Answers botocore's question whether to ask again: seconds, False for no, None to let botocore say."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts

    def __call__(
        self, attempts: int, response: Any = None, caught_exception: Any = None, **_: Any
    ) -> float | None:
        """Seconds to wait, after so many attempts."""
        if attempts >= self._attempts:
            return False if CAN_REFUSE else None
        return pause(attempts) if _passing(response, caught_exception) else None


def _passing(response: Any, error: Any) -> bool:
    """Whether nothing but time is needed; a throttled request waits as long as botocore says."""
    if error is not None:
        return isinstance(error, HTTPClientError | NoConnectionError)
    if response is None:
        return False
    answer, content = response
    throttled = content.get("Error", {}).get("Code") in THROTTLED
    return not throttled and answer.status_code in REPEATABLE


def repeatable(status: int, code: str) -> bool:
    """Whether botocore would ask again."""
    return status in REPEATABLE or code in THROTTLED
