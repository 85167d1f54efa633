"""How the fake fails when it is asked to."""

import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request fails: as a whole, or, with `entries`, only those positions of its batch.

    With `after_effect` SQS does what was asked and the answer is lost; with `reset` the connection
    breaks instead of bringing an error.
    """

    code: str = "ServiceUnavailable"
    status: int = 503
    entries: frozenset[int] | None = None
    sender_fault: bool = False
    delay: float = 0.0
    after_effect: bool = False
    reset: bool = False

    @property
    def whole(self) -> bool:
        """Whether the request fails as a whole."""
        return self.entries is None

    def error(self) -> Exception:
        """What the client sees."""
        if self.reset:
            return ConnectionResetError("the connection was reset")
        text = "injected after the effect" if self.after_effect else "injected"
        return refusal(self.code, text, self.status)


class Weather:
    """Which requests fail: the next ones of an action, or any, at a rate, until it clears."""

    def __init__(self) -> None:
        self._next: dict[str, deque[Fault]] = defaultdict(deque)
        self._rate, self._random, self._faults = 0.0, random.Random(0), [Fault()]  # noqa: S311 - reproducible

    def add(self, action: str, fault: Fault, times: int) -> None:
        """The next requests of an action fail."""
        self._next[action].extend([fault] * times)

    def storm(self, rate: float, faults: Sequence[Fault], seed: int) -> None:
        """From now on this share of all requests fails, each with one of the faults."""
        self._rate, self._random, self._faults = rate, random.Random(seed), list(faults)  # noqa: S311 - the same

    def clear(self) -> None:
        """Nothing fails any more."""
        self._next.clear()
        self._rate = 0.0

    def fault(self, action: str) -> Fault | None:
        """What befalls this request."""
        if waiting := self._next.get(action):
            return waiting.popleft()
        if self._rate and self._random.random() < self._rate:
            return self._random.choice(self._faults)
        return None


def refusal(code: str, text: str, status: int = 400) -> ClientError:
    """SQS's error, as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "FakeSQS")
