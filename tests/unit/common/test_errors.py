"""Failures are translated once, at the edge."""

import pytest
from common.errors import Permanent, PipelineError, Transient, raising


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (ConnectionError("down"), Transient),
        (ConnectionResetError("reset"), Permanent),
        (KeyError("gone"), Permanent),
    ],
    ids=["by class", "the narrower first", "another"],
)
def test_their_errors_become_ours(theirs: Exception, ours: type[PipelineError]) -> None:
    """The first class of the mapping that fits decides."""
    mapping: dict[type[Exception], type[PipelineError]] = {
        ConnectionResetError: Permanent,
        ConnectionError: Transient,
        KeyError: Permanent,
    }

    with pytest.raises(PipelineError) as caught, raising("asking", mapping):
        raise theirs

    assert (ours, theirs) == (type(caught.value), caught.value.__cause__)


def test_the_text_of_the_original_stays_behind() -> None:
    """It may quote a request."""
    with pytest.raises(Transient) as caught, raising("keeping a document", {ValueError: Transient}):
        raise ValueError("the customer said 1234")

    assert "keeping a document: ValueError" == str(caught.value)


def test_other_errors_pass() -> None:
    """What nobody mapped is a bug, and looks like one."""
    with pytest.raises(ZeroDivisionError), raising("asking", {ValueError: Transient}):
        raise ZeroDivisionError


def test_our_own_errors_pass() -> None:
    """An inner edge has spoken already."""
    with pytest.raises(Permanent, match="no"), raising("asking", {ValueError: Transient}):
        raise Permanent("no")


def test_success_passes() -> None:
    """Nothing happens where nothing fails."""
    with raising("asking", {ValueError: Transient}):
        answer = 42

    assert answer == 42


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Transient("down"), "unavailable"),
        (Transient("down", reason="provider_busy"), "provider_busy"),
        (Permanent("no"), "internal_error"),
        (Permanent("no", reason="not_found"), "not_found"),
    ],
    ids=str,
)
def test_every_failure_has_a_reason(error: PipelineError, reason: str) -> None:
    """A code that a person understands, with a default for each kind."""
    assert reason == error.reason
