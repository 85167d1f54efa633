"""What an examination found: good, doubtful or wrong, and what to do about it."""

from typing import Literal
from urllib.parse import urlsplit

from common.addresses import is_loopback
from common.model import Noun

State = Literal["ok", "warn", "fail", "skipped"]


class Finding(Noun):
    """One fact about one dependency: names and states, never a secret."""

    check: str
    state: State
    told: str
    remedy: str | None = None


def ok(check: str, told: str) -> Finding:
    """All is well."""
    return Finding(check=check, state="ok", told=told)


def wrong(check: str, told: str, remedy: str, *, state: State = "fail") -> Finding:
    """Something is not as it has to be."""
    return Finding(check=check, state=state, told=told, remedy=remedy)


def skipped(check: str, variables: str) -> Finding:
    """This image has no business with it."""
    return Finding(check=check, state="skipped", told=f"{variables} not set here")


def unasked(check: str, command: str) -> Finding:
    """Left out, because nobody said whose it would be."""
    return Finding(check=check, state="skipped", told=f"not examined; {command} does")


def foreign(check: str, workload: str) -> Finding:
    """There, maybe, and no business of this workload's."""
    return Finding(check=check, state="skipped", told=f"not the business of {workload}")


def encryption(check: str, url: str, *, encrypted: bool) -> Finding:
    """Whether what is said to a server can be overheard; on this machine it may."""
    host = urlsplit(url).hostname or ""
    if encrypted or is_loopback(host):
        return ok(f"{check}.tls", "encrypted" if encrypted else "not encrypted, on this machine")
    return wrong(f"{check}.tls", "not encrypted", "use an address with TLS", state="warn")
