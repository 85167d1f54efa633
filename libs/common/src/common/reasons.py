"""Every reason a failure can have, and whose fault it is: labels stay few, and alarms ring for ours."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Fault = Literal["customer", "ours"]

OTHER: Final = "other"

_CUSTOMER: Final = (
    "changed",
    "empty_audio",
    "empty_file",
    "erased",
    "invalid_transcript",
    "no_audio_stream",
    "too_large",
    "too_long",
    "unreadable_audio",
    "unsupported_audio",
)
_OURS: Final = (
    "answer_too_long",
    "budget_exceeded",
    "claimed",
    "forbidden",
    "forbidden_location",
    "index_missing",
    "index_refused",
    "index_unavailable",
    "index_unfit",
    "internal_error",
    "invalid_message",
    "invalid_tenant",
    "move_failed",
    "move_refused",
    "no_dlq",
    "not_found",
    "not_kept",
    "not_told",
    "nothing_to_transcribe",
    "parked",
    "poison",
    "provider_answer",
    "provider_busy",
    "provider_denied",
    "provider_quota",
    "provider_refused",
    "provider_unavailable",
    "result_too_large",
    "storage_unavailable",
    "stuck",
    "timeout",
    "truncated_download",
    "unavailable",
)

_THEIRS: Final[Fault] = "customer"
_WE: Final[Fault] = "ours"

REASONS: Final[Mapping[str, Fault]] = MappingProxyType(
    dict.fromkeys(_CUSTOMER, _THEIRS) | dict.fromkeys(_OURS, _WE)
)
"""A reason is of the customer's making if only another recording helps."""


def label(reason: str | None) -> str:
    """The reason as a metric's label: one of ``REASONS``, ``other``, or empty where there is none."""
    return "" if reason is None else reason if reason in REASONS else OTHER


def fault(reason: str) -> Fault:
    """Whose fault a failure is; what the table does not hold is ours."""
    return REASONS.get(reason, "ours")
