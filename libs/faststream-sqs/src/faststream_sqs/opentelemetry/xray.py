"""Between W3C's `traceparent` and the X-Ray header that AWS services read and write beside a message."""

import re

_W3C = re.compile(r"00-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-([0-9a-f]{2})")
_ROOT = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_PARENT = re.compile(r"[0-9a-f]{16}")
_SAMPLED = 1  # the flag's bit


def to_xray(traceparent: str) -> str | None:
    """The header for AWS; None when there is no trace to name."""
    if (found := _W3C.fullmatch(traceparent)) is None:
        return None
    epoch, rest, parent, flags = found.groups()
    return f"Root=1-{epoch}-{rest};Parent={parent};Sampled={int(flags, 16) & _SAMPLED}"


def to_traceparent(header: str) -> str | None:
    """The `traceparent` of AWS's header; None when it names no trace or no parent."""
    fields = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    root, parent = _ROOT.fullmatch(fields.get("Root", "")), fields.get("Parent", "")
    if root is None or not _PARENT.fullmatch(parent):
        return None
    return f"00-{root[1]}{root[2]}-{parent}-{'01' if fields.get('Sampled') == '1' else '00'}"
