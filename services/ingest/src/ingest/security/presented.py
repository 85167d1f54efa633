"""What a request shows to be let in."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from ingest.auth_settings import AuthSettings

LARGEST: Final = 8 * 1024  # characters of a token or a key
COOKIE: Final = "callstream"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Bearer:
    """An access token or an API key."""

    text: str


@dataclass(frozen=True, slots=True)
class Cookie:
    """A session's."""

    text: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Neither, or something that cannot be either."""


Presented = Bearer | Cookie | Nothing


def presented(request: Request, settings: AuthSettings) -> Presented:
    """What is shown; where there is a header, no cookie is looked at."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        return Bearer(text) if scheme.lower() == "bearer" and 0 < len(text) <= LARGEST else Nothing()
    cookie = request.cookies.get(cookie_name(request, settings))
    return Cookie(cookie) if cookie and len(cookie) <= LARGEST else Nothing()


def own_address(request: Request, settings: AuthSettings) -> str:
    """Scheme and host at which the browser reaches us."""
    return settings.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"


def is_encrypted(request: Request, settings: AuthSettings) -> bool:
    """Whether the browser reaches us by TLS."""
    return own_address(request, settings).startswith("https://")


def cookie_name(request: Request, settings: AuthSettings, name: str = COOKIE) -> str:
    """The prefix binds a cookie to this very host, and to TLS."""
    return f"__Host-{name}" if is_encrypted(request, settings) else name


def from_our_page(request: Request, settings: AuthSettings) -> bool | None:
    """Whether a page of ours sent the request; None where no browser says so."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if origin is not None and site is None:
        return urlsplit(origin)[:2] == urlsplit(own_address(request, settings))[:2]
    return None if site is None else site in {"same-origin", "none"}
