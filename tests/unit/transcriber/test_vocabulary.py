"""A tenant's terms, fit to be sent."""

import json
from collections.abc import Mapping

import pytest
from common.settings import SettingsError
from hypothesis import given
from hypothesis import strategies as st
from transcriber.settings import Settings
from transcriber.vocabulary import Vocabulary, scrubbed

TERMS = st.lists(st.text(max_size=40), max_size=20)


@pytest.mark.parametrize(
    ("term", "kept"),
    [
        ("Kovács Éva", "Kovács Éva"),
        ("  two\r\nlines\u2028more ", "two lines more"),
        ("<b>Acme</b>", "b Acme /b"),
        ("bell\x07", "bell"),
        ("E\u0301va", "Éva"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<>\n", ""),
    ],
)
def test_a_term_is_one_literal_line(term: str, kept: str) -> None:
    """Without what the API refuses; joiners are letters."""
    assert kept == scrubbed(term)


@given(own=TERMS, everybodys=TERMS, most=st.integers(0, 300))
def test_whatever_is_written_down_can_be_sent(own: list[str], everybodys: list[str], most: int) -> None:
    """No line break, no markup, nothing twice, and within the bytes that are allowed."""
    terms = Vocabulary({"acme": own, "*": everybodys}).of("acme", most)

    assert not set("<>\r\n\x00\u2028") & set("".join(terms))
    assert len({term.casefold() for term in terms}) == len(terms)
    assert all(term == term.strip() != "" for term in terms)
    assert len(", ".join(terms).encode()) <= most


@pytest.mark.parametrize(
    ("tenant", "terms"),
    [("acme", ("Callstream", "SaaS")), ("other", ("SaaS", "callstream")), ("*", ("SaaS", "callstream"))],
)
def test_a_tenants_own_terms_come_first(tenant: str, terms: tuple[str, ...]) -> None:
    """Then everybody's; nobody sees another tenant's."""
    vocabulary = Vocabulary({"acme": ["Callstream"], "*": ["SaaS", "callstream"]})

    assert terms == vocabulary.of(tenant, 1000)


def test_what_finds_no_room_is_known_by_tenant() -> None:
    """So that an operator can be told; a term takes its bytes and a separator."""
    vocabulary = Vocabulary({"acme": ["Kovács"], "*": ["SaaS", "Callstream"]})

    assert ({"acme": 2, "*": 1}, {}) == (vocabulary.left_out(9), vocabulary.left_out(40))


@pytest.mark.parametrize(
    ("vocabulary", "told"),
    [
        ({"acme": ["a"] * 101}, "acme has 101 terms, more than 100"),
        ({"acme": ["a" * 81]}, "acme has a term longer than 80 characters"),
    ],
)
def test_what_would_not_be_sent_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Mapping[str, list[str]], told: str
) -> None:
    """Quoting no term: it may be somebody's name."""
    monkeypatch.setenv("VOCABULARY", json.dumps(vocabulary))

    with pytest.raises(SettingsError, match=f"VOCABULARY: .*{told}"):
        Settings.read()
