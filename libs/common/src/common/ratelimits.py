"""What a provider's ``x-ratelimit-*`` headers tell of its limits."""

from collections.abc import Mapping

from common.buckets import Seen


def seen(headers: Mapping[str, str], *, tokens: bool) -> Seen | None:
    """What an answer's headers tell; None if nothing. *tokens*: whether they are what we count in units."""
    found = Seen(
        limit_requests=_number(headers, "limit-requests"),
        limit_units=_number(headers, "limit-tokens") if tokens else None,
        remaining_requests=_number(headers, "remaining-requests"),
        remaining_units=_number(headers, "remaining-tokens") if tokens else None,
    )
    return None if found == Seen() else found


def _number(headers: Mapping[str, str], name: str) -> int | None:
    """Not below nothing; None where there is no number, or none that a limit can be."""
    value = headers.get(f"x-ratelimit-{name}", "")
    return min(int(value), 10**12) if value.isascii() and value.isdigit() and len(value) < 20 else None  # noqa: PLR2004 - digits
