"""What a text claims is held against what was said."""

import pytest
from common.grounds import Grounds, names

SAID = Grounds(
    ("Call me at five five five, one two one two.", "Initech quoted us twelve thousand, Dana said so."),
    frozenset({"agent"}),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The customer uses Salesforce and Acme's CRM. Globex is cheaper.", {"salesforce", "acme", "crm"}),
        ("I'm sure that I'll ask Dana", {"dana"}),
        ("Élan: az élet Évával", {"évával"}),
        ("nothing here, 12 times", set()),
    ],
)
def test_names_are_words_with_a_capital_within_a_sentence(text: str, expected: set[str]) -> None:
    """In any alphabet; a first word is one only if it is known for one."""
    assert expected == names(text)


def test_a_known_name_may_begin_a_sentence() -> None:
    """It is checked wherever it stands."""
    assert frozenset({"globex"}) == names("Globex is cheaper.", frozenset({"globex"}))


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("Initech quoted $12,000 to the agent.", None),
        ("It was Initech's quote, as Dana said.", None),
        ("Call back at 5551212.", None),
        ("They quoted 12,500.", "number_not_said"),
        ("It was the quote of Globex.", "name_not_said"),
        ("A quote of Danai.", "name_not_said"),
    ],
)
def test_what_was_not_said_is_lacking(text: str, lack: str | None) -> None:
    """Figures in any spelling, digits one by one, names with another ending; anything else is invented."""
    assert lack == SAID.lack(text)


def test_words_may_come_in_another_order_but_not_from_elsewhere() -> None:
    """A due date or an owner is made of what was said."""
    assert [True, True, False, False] == [
        SAID.has_words(text) for text in ("12,000 Initech", "Dana", "Dana Scott", "")
    ]
