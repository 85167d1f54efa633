"""Keys, their limits, and nouns that tell nothing of their content."""

from typing import Any

import pytest
from common.model import CallKey, ObjectRef, Transcript, Work
from nouns import KEY, transcript
from pydantic import ValidationError

GOOD: dict[str, Any] = {"tenant_id": "acme", "call_id": "c-42", "revision": 1}


def test_a_key_is_the_id_of_every_document() -> None:
    """``tenant_id:call_id:revision``: two tenants may name a call alike."""
    assert "acme:c-42:7" == CallKey(tenant_id="acme", call_id="c-42", revision=7).id


def test_a_key_is_spelled_into_other_nouns() -> None:
    """The key of a document is the key alone, equal to that of the event that led to it."""
    assert KEY == transcript().key
    assert GOOD == dict(transcript().key)


def test_the_first_revision_is_one() -> None:
    """A key without a revision means the first."""
    assert 1 == CallKey(tenant_id="acme", call_id="c-42").revision


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant_id": ""},
        {"tenant_id": "../acme"},
        {"tenant_id": "a" * 65},
        {"tenant_id": "-acme"},
        {"tenant_id": "acme\n"},
        {"call_id": ""},
        {"call_id": "c 42"},
        {"call_id": "c:42"},
        {"call_id": "c" * 129},
        {"call_id": "c\u0000"},
        {"revision": 0},
        {"revision": 1_000_001},
        {"revision": "one"},
    ],
    ids=str,
)
def test_a_key_that_could_mean_something_else_is_refused(wrong: dict[str, Any]) -> None:
    """No separator, path, space or endless text in a key."""
    with pytest.raises(ValidationError):
        CallKey.model_validate(GOOD | wrong)


@pytest.mark.parametrize(
    "right",
    [{"tenant_id": "a" * 64}, {"call_id": "c" * 128}, {"call_id": "A-b_9"}, {"revision": 1_000_000}],
    ids=str,
)
def test_a_key_at_its_limit_is_taken(right: dict[str, Any]) -> None:
    """The limits belong to what is allowed."""
    assert GOOD | right == dict(CallKey.model_validate(GOOD | right))


def test_a_bad_value_is_not_quoted() -> None:
    """What was wrong may be a caller's words: errors name the field alone."""
    with pytest.raises(ValidationError) as error:
        CallKey.model_validate(GOOD | {"tenant_id": "my secret pin is 1234"})

    assert "tenant_id" in str(error.value)
    assert "1234" not in str(error.value)


def test_a_noun_does_not_change() -> None:
    """Whoever holds a noun can rely on it."""
    with pytest.raises(ValidationError, match="frozen"):
        setattr(KEY, "call_id", "c-43")  # noqa: B010 - the type checker knows it is frozen


def test_fields_from_the_future_are_ignored() -> None:
    """A newer writer's document can be read."""
    assert KEY == CallKey.model_validate(GOOD | {"mood": "sunny"})


@pytest.mark.parametrize("wrong", [{"bucket": "ab"}, {"key": ""}, {"key": "k" * 1025}], ids=str)
def test_an_object_needs_a_possible_address(wrong: dict[str, str]) -> None:
    """S3's own limits."""
    with pytest.raises(ValidationError):
        ObjectRef.model_validate({"bucket": "audio", "key": "call.wav"} | wrong)


def test_a_call_in_which_nothing_was_said_is_a_valid_outcome() -> None:
    """No utterances is ``no_speech``."""
    silent = Transcript(**dict(KEY), duration_ms=1000, work=Work(provider="none", model="none"))

    assert ("no_speech", "speech") == (silent.outcome, transcript().outcome)
