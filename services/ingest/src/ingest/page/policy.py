"""What a browser is allowed: pure, so that each rule can be read and tested as text."""

import base64
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For every answer that is no page."""

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer, unless it says otherwise."""

HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""On every answer over https."""


def for_page(stores: Iterable[str]) -> str:
    """Our own page: its files and the API, and recordings from *stores*, which are origins."""
    elsewhere = "".join(f" {store}" for store in sorted(set(stores)))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self'{elsewhere}",
            f"media-src 'self'{elsewhere}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def for_description(html: str) -> str:
    """The API's description: its vendored viewer styles itself inline, and starts by scripts in *html*."""
    scripts = "".join(f" '{_hash(script)}'" for script in _INLINE.findall(html))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _hash(script: str) -> str:
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    return f"sha256-{digest}"
