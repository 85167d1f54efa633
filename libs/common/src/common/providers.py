"""What every OpenAI-compatible provider can answer instead of a result, told apart once for all edges."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from math import isnan

from httpx2 import ConnectError, ConnectTimeout, Response
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    NotFoundError,
    OpenAIError,
    PermissionDeniedError,
    RateLimitError,
)
from opentelemetry.trace import SpanKind

from common.account import Answered, current
from common.errors import Permanent, PipelineError, Transient
from common.model import Work
from common.telemetry import span

MAX_RETRY_AFTER = 120.0  # seconds; a provider may say 1e9
_UNAVAILABLE = frozenset({408, 409})
SERVER_ERROR = 500
OVERLOADED = 503


class Untaken(Transient):
    """The provider did not take the request: nothing was done, and asking again costs nothing."""


@dataclass(slots=True)
class Asked:
    """One request to a provider: *what* is for the log, such as ``recognising speech``."""

    what: str
    provider: str
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer, once there is one."""
    work: Work | None = None
    """What was paid for it, once that is known."""

    def paid(self, work: Work) -> None:
        """What came back was paid for; say so before anything is made of it."""
        self.work = work
        if account := current():
            account.paid(self.model, work)


_open: ContextVar[Asked | None] = ContextVar("asked", default=None)


async def listen(response: Response) -> None:
    """Note an answer's headers for whoever asked; the HTTP client calls this with each."""
    if asked := _open.get():
        asked.headers = response.headers


@contextmanager
def asking(what: str, provider: str, model: str) -> Iterator[Asked]:
    """Count, time and trace one request, and translate the SDK's exceptions.

    A request that is cancelled is not counted: nobody knows what became of it.
    """
    asked, begun = Asked(what, provider, model), time.monotonic()
    named = {"gen_ai.provider.name": provider, "gen_ai.request.model": model}
    token = _open.set(asked)
    try:
        with span(what, SpanKind.CLIENT, named), _translating(what):
            yield asked
    except Exception as error:
        _count(asked, _outcome(error), begun)
        raise
    finally:
        _open.reset(token)
    _count(asked, "ok", begun)


def _count(asked: Asked, outcome: Answered, begun: float) -> None:
    if account := current():
        account.asked(asked.provider, asked.model, outcome, time.monotonic() - begun)


@contextmanager
def _translating(what: str) -> Iterator[None]:
    try:
        yield
    except OpenAIError as error:
        raise _ours(what, error) from error
    except (ValueError, TypeError) as error:  # the SDK takes what it got for an answer, and stumbles
        raise Transient(f"{what}: the answer cannot be read", reason="provider_answer") from error


_OUTCOMES: Mapping[str, Answered] = {
    "provider_busy": "throttled",
    "provider_quota": "throttled",
    "provider_unavailable": "unavailable",
    "provider_denied": "refused",
    "provider_refused": "refused",
    "provider_answer": "bad_answer",
    "answer_too_long": "bad_answer",
}


def _outcome(error: Exception) -> Answered:
    if isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError | APITimeoutError):
        return "timeout"
    return _OUTCOMES.get(getattr(error, "reason", ""), "unavailable")


def _ours(what: str, error: OpenAIError) -> PipelineError:
    if isinstance(error, RateLimitError):
        return _too_many(what, error)
    if isinstance(error, AuthenticationError | PermissionDeniedError | NotFoundError):
        # The key or the model's name is wrong, not the message: no backlog belongs in a dead-letter queue.
        return Untaken(
            f"{what}: the key or the model is refused", reason="provider_denied", retry_after=MAX_RETRY_AFTER
        )
    if isinstance(error, APIStatusError):
        return _by_status(what, error)
    # Only what was never sent is known not to be billed; any other timeout or broken connection may be.
    unsent = isinstance(error, APIConnectionError) and isinstance(
        error.__cause__, ConnectError | ConnectTimeout
    )
    kind = Untaken if unsent else Transient
    return kind(f"{what}: {type(error).__name__}", reason="provider_unavailable")


def _too_many(what: str, error: RateLimitError) -> Untaken:
    if error.code == "insufficient_quota":
        return Untaken(
            f"{what}: the account's quota is used up", reason="provider_quota", retry_after=MAX_RETRY_AFTER
        )
    return Untaken(f"{what}: too many requests", reason="provider_busy", retry_after=retry_after(error))


def _by_status(what: str, error: APIStatusError) -> PipelineError:
    status = error.status_code
    if status >= SERVER_ERROR or status in _UNAVAILABLE:
        kind = Untaken if status == OVERLOADED else Transient
        return kind(f"{what}: status {status}", reason="provider_unavailable", retry_after=retry_after(error))
    return Permanent(f"{what}: refused with status {status}", reason="provider_refused")


def retry_after(error: APIStatusError) -> float | None:
    """Seconds the provider asks us to wait, between 0 and two minutes; None if it says nothing sensible."""
    return seconds_to_wait(error.response.headers.get("retry-after", ""))


def seconds_to_wait(value: str) -> float | None:
    """The same of a header's text."""
    seconds = _seconds(value)
    return None if seconds is None or isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _seconds(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except ValueError:
        return None
