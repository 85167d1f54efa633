"""The names and terms that a tenant's calls are full of, made fit to be sent to a recogniser."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from unicodedata import category, normalize

MOST_TERMS = 100  # a tenant's, and as many of everybody's
LONGEST_TERM = 80  # characters
EVERYBODY = "*"

_SPACE = re.compile(r"\s+")
_SEPARATOR = len(", ")


def scrubbed(term: str) -> str:
    """One literal line: without ``<``, ``>`` and control characters, for which a request is refused."""
    kept = (" " if _unspeakable(character) else character for character in term)
    return _SPACE.sub(" ", normalize("NFC", "".join(kept))).strip()


def _unspeakable(character: str) -> bool:
    """Format characters stay: joiners are letters to half of Asia."""
    kind = category(character)
    return character in "<>" or (kind[0] == "C" and kind != "Cf")


def faults(vocabulary: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with a vocabulary as it was written down, tenant by tenant; never quoting a term."""
    return [fault for tenant, terms in vocabulary.items() for fault in _faults(tenant, terms)]


def _faults(tenant: str, terms: Sequence[str]) -> Iterator[str]:
    if len(terms) > MOST_TERMS:
        yield f"{tenant} has {len(terms)} terms, more than {MOST_TERMS}"
    if any(len(term) > LONGEST_TERM for term in terms):
        yield f"{tenant} has a term longer than {LONGEST_TERM} characters"


class Vocabulary:
    """Every tenant's terms, their own before everybody's."""

    def __init__(self, terms: Mapping[str, Sequence[str]]) -> None:
        self._everybody = terms.get(EVERYBODY, ())
        self._terms = terms

    def of(self, tenant_id: str, most_bytes: int) -> tuple[str, ...]:
        """The terms to send for this tenant: each once, the first that fit into so many bytes together."""
        return tuple(_fitting(self._all(tenant_id), most_bytes))

    def left_out(self, most_bytes: int) -> dict[str, int]:
        """How many terms of which tenants (``*`` among them) are not sent for want of room."""
        lost = {tenant: len(self._all(tenant)) - len(self.of(tenant, most_bytes)) for tenant in self._terms}
        return {tenant: terms for tenant, terms in lost.items() if terms}

    def _all(self, tenant_id: str) -> tuple[str, ...]:
        own = self._terms.get(tenant_id, ()) if tenant_id != EVERYBODY else ()
        return tuple(_distinct((*own, *self._everybody)))


def _distinct(terms: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for term in map(scrubbed, terms):
        if term and term.casefold() not in seen:
            seen.add(term.casefold())
            yield term


def _fitting(terms: Iterable[str], most_bytes: int) -> Iterator[str]:
    left = most_bytes
    for term in terms:
        left -= len(term.encode()) + _SEPARATOR
        if left < 0:
            return
        yield term
