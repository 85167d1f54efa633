"""What ends a call: our own counts, and the queue's last delivery whatever went wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import JSONDecodeError

import pytest
from common.errors import Permanent, Transient, raising
from common.reasons import REASONS
from common.verdicts import (
    MAX_BAD_ANSWERS,
    MAX_UNKNOWN_ERRORS,
    OUTAGES,
    PARKED_FOR,
    parked_until,
    told,
    verdict,
)


@dataclass(frozen=True)
class History:
    """A call's earlier attempts."""

    deliveries: int = 1
    is_last: bool = False
    known: bool = True
    causes: Mapping[str, int] = field(default_factory=dict)
    first_seen: datetime | None = None

    def failures(self, reason: str) -> int:
        return self.causes.get(reason, 0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Transient("busy", reason="provider_busy"), "provider_busy"),
        (TimeoutError(), "timeout"),
        (ZeroDivisionError(), "internal_error"),
    ],
    ids=["transient", "too slow", "a bug"],
)
def test_the_last_delivery_ends_the_call(error: Exception, reason: str) -> None:
    """The queue would move the message away and nobody would know why."""
    assert (reason, False) == verdict(error, History())
    assert (reason, True) == verdict(error, History(deliveries=20, is_last=True))


@pytest.mark.parametrize(
    ("error", "past", "expected"),
    [
        (Permanent("no", reason="empty_file"), History(), ("empty_file", True)),
        (
            Transient("what?", reason="provider_answer"),
            History(causes={"provider_answer": MAX_BAD_ANSWERS - 1}),
            ("provider_answer", True),
        ),
        (
            ZeroDivisionError(),
            History(causes={"internal_error": MAX_UNKNOWN_ERRORS - 1}),
            ("internal_error", True),
        ),
        (ZeroDivisionError(), History(deliveries=MAX_UNKNOWN_ERRORS), ("internal_error", False)),
        (
            ZeroDivisionError(),
            History(deliveries=MAX_UNKNOWN_ERRORS, known=False),
            ("internal_error", True),
        ),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "?"), History(), ("invalid_message", True)),
    ],
    ids=["permanent", "nonsense", "a known call's bug", "other faults", "a stranger's bug", "bytes"],
)
def test_each_cause_has_its_own_patience(error: Exception, past: History, expected: tuple[str, bool]) -> None:
    """Deliveries are counted where there is no journal yet, failures of one cause where there is."""
    assert expected == verdict(error, past)


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEADLINE = timedelta(hours=24)
YOUNG = NOW - timedelta(hours=23)
OLD = NOW - timedelta(hours=25)


def history(first_seen: datetime | None, *, is_last: bool = True) -> History:
    """A call at its twentieth delivery, or its nineteenth."""
    return History(deliveries=20 if is_last else 19, is_last=is_last, first_seen=first_seen)


@pytest.mark.parametrize(
    ("error", "past", "until"),
    [
        (Transient("down", reason="provider_unavailable"), history(YOUNG), NOW + PARKED_FOR),
        (Transient("denied", reason="provider_denied"), history(YOUNG), NOW + PARKED_FOR),
        (Transient("down", reason="provider_unavailable"), history(YOUNG, is_last=False), None),
        (Transient("down", reason="provider_unavailable"), history(OLD), None),
        (Transient("down", reason="provider_unavailable"), history(None), None),
        (Transient("nonsense", reason="provider_answer"), history(YOUNG), None),
        (Permanent("no", reason="provider_refused"), history(YOUNG), None),
        (TimeoutError(), history(YOUNG), None),
    ],
    ids=["outage", "wrong key", "not the last", "too old", "unknown call", "nonsense", "refused", "too slow"],
)
def test_an_outage_ends_no_young_call(error: Exception, past: History, until: datetime | None) -> None:
    """The last delivery parks it, and it comes back with new ones; what the call itself did ends it."""
    assert until == parked_until(error, past, NOW, DEADLINE)


def test_every_outage_is_a_reason_of_ours() -> None:
    """One that nobody raises could not be parked."""
    assert {"ours"} == {REASONS[reason] for reason in OUTAGES}


def test_what_is_told_names_no_class() -> None:
    """Whoever reads why a call failed is helped by a sentence; the class is in the log."""
    with pytest.raises(Transient) as translated, raising("reading the journal", {OSError: Transient}):
        raise ConnectionResetError("10.0.0.7")
    given = [
        translated.value,
        Permanent("The file is empty.", reason="empty_file"),
        ZeroDivisionError("a caller's words"),
        JSONDecodeError("a caller's words", "{", 0),
        TimeoutError(),
    ]

    assert [
        "reading the journal failed",
        "The file is empty.",
        "a fault of ours, which is logged",
        "the message cannot be read",
        "it took longer than it may",
    ] == [told(each) for each in given]
