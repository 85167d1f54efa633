"""Leases and their table, without any I/O."""

import math
from typing import Any

import pytest
from faststream_sqs.engine.lease import Lease, LeaseState, LeaseTable
from faststream_sqs.engine.settle import PendingDeletes


def message(number: int, handle: str = "h") -> dict[str, Any]:
    return {"MessageId": f"m-{number}", "ReceiptHandle": f"{handle}-{number}", "Body": "{}"}


@pytest.fixture
def ended() -> list[Lease]:
    return []


@pytest.fixture
def table(ended: list[Lease]) -> LeaseTable:
    return LeaseTable(ended.append, max_lease=100)


def admitted(table: LeaseTable, number: int, time: float = 0.0) -> Lease:
    lease = table.admit(message(number), time, 30)
    assert lease is not None
    return lease


def test_ends_once(table: LeaseTable, ended: list[Lease]) -> None:
    """A lease leaves the table exactly once, however often its end is told."""
    lease = admitted(table, 1)

    table.end(lease, LeaseState.DONE)
    table.end(lease, LeaseState.LOST)

    assert ([lease], LeaseState.DONE, 0) == (ended, lease.state, len(table))


def test_adopts_the_newer_handle(table: LeaseTable) -> None:
    """A message redelivered to ourselves is not handled twice: the running lease takes the new handle."""
    lease = admitted(table, 1)
    lease.state = LeaseState.RUNNING

    again = table.admit(message(1, "newer"), 31, 30)

    assert (None, "newer-1", 61) == (again, lease.receipt_handle, lease.deadline)


@pytest.mark.parametrize("given_up", [LeaseState.NACKING, LeaseState.ABANDONED])
def test_redelivery_of_what_was_given_up(table: LeaseTable, given_up: LeaseState) -> None:
    """A message given back and delivered again before we heard of it is a new delivery."""
    first = admitted(table, 1)
    first.state = given_up

    again = table.admit(message(1, "newer"), 5, 30)

    assert again is not None
    assert (True, 1) == (first.ended.is_set(), len(table))


def test_first_decision_counts(table: LeaseTable) -> None:
    """A lease is settled once: later wishes find it decided."""
    lease = admitted(table, 1)

    assert [True, False] == [lease.settle(LeaseState.ACKING), lease.settle(LeaseState.NACKING)]


def test_nothing_due_within_the_first_two_thirds(table: LeaseTable) -> None:
    """A handler shorter than two thirds of the lease costs no extension."""
    admitted(table, 1)

    assert [] == table.due(19.9, 30)


def test_batch_mates_are_extended_together(table: LeaseTable) -> None:
    """Once one lease needs an extension, all past half-life share its request."""
    oldest, past_half, fresh = (admitted(table, n, time) for n, time in enumerate([0.0, 4.0, 15.0]))

    due = table.due(20.5, 30)

    assert ([oldest, past_half], 30) == (due, fresh.deadline - 15)


def test_no_extension_after_max_lease(table: LeaseTable) -> None:
    """A lease is not extended beyond `max_lease`."""
    lease = admitted(table, 1)
    lease.deadline = 110

    assert [] == table.due(101, 30)


def test_overdue(table: LeaseTable) -> None:
    """SQS takes a message back at its deadline, not before."""
    lease = admitted(table, 1)

    assert [[], [lease]] == [table.overdue(29.9), table.overdue(30)]


def test_delete_waits_for_company(table: LeaseTable) -> None:
    """A delete leaves after its linger."""
    pending = PendingDeletes(linger=1, visibility=30)
    pending.add(admitted(table, 1, time=5), 5)

    assert 6 == pending.due_at()


def test_full_delete_batch_leaves_at_once(table: LeaseTable) -> None:
    """Ten deletes do not wait, and no more than ten leave together."""
    pending = PendingDeletes(linger=1, visibility=30)
    for number in range(12):
        pending.add(admitted(table, number), 5)

    assert -math.inf == pending.due_at()
    assert [10, 2] == [len(pending.take()), len(pending.take())]


def test_delete_never_outlives_its_lease(table: LeaseTable) -> None:
    """However long the linger, a delete leaves while its lease still has a third to run."""
    pending = PendingDeletes(linger=100, visibility=30)
    pending.add(admitted(table, 1), 5)

    assert 20 == pending.due_at()
