"""What a provider answers instead of a result becomes one of our two kinds of failure."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import openai
import pytest
from common.account import Account, accounting
from common.errors import Permanent, PipelineError, Transient
from common.metrics import metrics_on
from common.model import Work
from common.providers import MAX_RETRY_AFTER, Untaken, asking, retry_after
from prometheus_client import CollectorRegistry
from provider_errors import REQUEST, broken, refusal

ByStatus = Callable[..., openai.APIStatusError]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("1e9", MAX_RETRY_AFTER),
        ("inf", MAX_RETRY_AFTER),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
    ],
)
def test_a_wait_is_sensible(value: str | None, seconds: float | None) -> None:
    """Between nothing and two minutes, or left to the queue's back-off."""
    assert seconds == retry_after(refusal(429, after=value))


def test_a_date_is_a_wait_too() -> None:
    """HTTP allows both."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert retry_after(refusal(429, after=soon)) == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    ("error", "kind", "reason", "wait"),
    [
        (refusal(429, after="7"), Untaken, "provider_busy", 7.0),
        (refusal(429, code="insufficient_quota"), Untaken, "provider_quota", MAX_RETRY_AFTER),
        (refusal(401), Untaken, "provider_denied", MAX_RETRY_AFTER),
        (refusal(403), Untaken, "provider_denied", MAX_RETRY_AFTER),
        (refusal(500), Transient, "provider_unavailable", None),
        (refusal(503, after="2"), Untaken, "provider_unavailable", 2.0),
        (refusal(408), Transient, "provider_unavailable", None),
        (refusal(409), Transient, "provider_unavailable", None),
        (refusal(400), Permanent, "provider_refused", None),
        (refusal(404), Untaken, "provider_denied", MAX_RETRY_AFTER),
        (refusal(413), Permanent, "provider_refused", None),
        (broken(httpx2.ConnectError("refused")), Untaken, "provider_unavailable", None),
        (broken(httpx2.ConnectTimeout("nobody")), Untaken, "provider_unavailable", None),
        (broken(httpx2.ReadError("reset")), Transient, "provider_unavailable", None),
        (broken(httpx2.ReadTimeout("silence")), Transient, "provider_unavailable", None),
        (openai.APIConnectionError(request=REQUEST), Transient, "provider_unavailable", None),
        (openai.APITimeoutError(request=REQUEST), Transient, "provider_unavailable", None),
    ],
    ids=lambda value: (
        f"{type(value).__name__}-{value.status_code}" if isinstance(value, openai.APIStatusError) else None
    ),
)
def test_each_refusal_has_one_outcome(
    error: openai.OpenAIError, kind: type[PipelineError], reason: str, wait: float | None
) -> None:
    """Busy, down and denied can be tried again, for nothing if it was not taken; a wrong request cannot."""
    with pytest.raises(PipelineError) as caught, asking("asking", "openai", "gpt-6-luna"):
        raise error

    assert (kind, reason) == (type(caught.value), caught.value.reason)
    assert wait == getattr(caught.value, "retry_after", None)


def test_no_word_of_a_request_is_repeated() -> None:
    """A provider's error may quote what it was sent."""
    with pytest.raises(Permanent) as caught, asking("recognising speech", "openai", "gpt-transcribe"):
        raise refusal(400)

    assert "recognising speech: refused with status 400" == str(caught.value)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (refusal(429), "throttled"),
        (refusal(429, code="insufficient_quota"), "throttled"),
        (openai.APITimeoutError(request=REQUEST), "timeout"),
        (TimeoutError(), "timeout"),
        (openai.APIConnectionError(request=REQUEST), "unavailable"),
        (refusal(503), "unavailable"),
        (refusal(400), "refused"),
        (refusal(401), "refused"),
        (ValueError("no JSON"), "bad_answer"),
        (Transient("does not fit", reason="provider_answer"), "bad_answer"),
        (Permanent("cut off", reason="answer_too_long"), "bad_answer"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_request_is_counted_by_what_came_of_it(error: Exception | None, outcome: str) -> None:
    """One of six outcomes, once, with its time."""
    registry = CollectorRegistry()
    account = Account("analyze", metrics_on(registry).providers, {})

    with (
        suppress(PipelineError, TimeoutError),
        accounting(account),
        asking("asking", "openai", "gpt-6-luna"),
    ):
        if error:
            raise error

    labels = {"stage": "analyze", "provider": "openai", "model": "gpt-6-luna"}
    assert 1 == registry.get_sample_value("provider_requests_total", labels | {"outcome": outcome})
    assert 1 == registry.get_sample_value("provider_request_duration_seconds_count", labels)


def test_an_answer_without_a_known_price_costs_nothing_known() -> None:
    """Tokens are counted; a price is not made up."""
    registry = CollectorRegistry()
    account = Account("analyze", metrics_on(registry).providers, {})

    with accounting(account), asking("asking", "other", "their-model") as asked:
        asked.paid(Work(provider="other", model="their-model", requests=1, input_tokens=7))

    labels = {"stage": "analyze", "model": "their-model"}
    assert 7 == registry.get_sample_value("provider_tokens_total", labels | {"kind": "input"})
    assert None is registry.get_sample_value("provider_cost_usd_total", labels | {"tenant_class": "standard"})
