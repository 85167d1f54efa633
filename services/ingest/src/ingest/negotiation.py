"""Which of several media types a client would rather have (RFC 9110, 12.5.1)."""

from collections.abc import Sequence
from email.message import Message


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The best of *offered* for an ``Accept`` header, the first among equals; None where none will do."""
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_range(each) for each in accept.split(",") if each.strip()]
    weights = {media_type: _weight(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: weights[media_type])
    return best if weights[best] else None


def _range(text: str) -> tuple[str, float]:
    message = Message()
    message["content-type"] = text
    weight = str(message.get_param("q", "1"))
    return text.split(";", maxsplit=1)[0].strip().lower(), _number(weight)


def _number(weight: str) -> float:
    """0 to 1; what is none counts as not acceptable."""
    whole, _, rest = weight.partition(".")
    return min(float(weight), 1.0) if f"{whole}{rest or '0'}".isdecimal() and whole else 0.0


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """That of the most particular range which fits."""
    for fits in (media_type, f"{media_type.split('/', maxsplit=1)[0]}/*", "*/*"):
        found = [weight for name, weight in ranges if name == fits]
        if found:
            return max(found)
    return 0.0
