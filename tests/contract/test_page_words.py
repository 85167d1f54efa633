"""The page has words for every reason that a call can fail for."""

import re
from pathlib import Path
from typing import get_args

from common.access.audit import Action
from common.access.scopes import SCOPES, role_of
from common.reasons import REASONS

PAGE = Path(__file__).parents[2] / "services" / "ingest" / "page" / "src"


def test_every_reason_is_told_in_plain_words() -> None:
    """And none that does not exist."""
    source = (PAGE / "words.ts").read_text("utf-8")
    table = source.partition("const REASONS")[2].partition("\n};")[0]

    assert set(REASONS) == set(re.findall(r"^  (\w+):", table, re.MULTILINE))


def test_the_page_and_the_services_agree_whose_fault_a_failure_is() -> None:
    """Where the recording is to blame, another one is asked for."""
    source = (PAGE / "remedies.ts").read_text("utf-8")
    table = source.partition("OF_THE_RECORDING")[2].partition("]);")[0]

    assert {reason for reason, fault in REASONS.items() if fault == "customer"} == set(
        re.findall(r'"(\w+)"', table)
    )


def table(name: str) -> str:
    """What the page's words have under this name."""
    return (PAGE / "words.ts").read_text("utf-8").partition(f"const {name}")[2].partition("\n};")[0]


def test_the_page_and_the_door_agree_who_may_do_what() -> None:
    """Whoever lacks a right is told the least role that has it."""
    told = dict(re.findall(r'^  (\w+): \[".+", "(\w+)"\],$', table("SCOPES"), re.MULTILINE))

    assert {scope: role_of({scope}) for scope in SCOPES["admins"]} == told


def test_every_deed_on_record_is_told_in_plain_words() -> None:
    """And none that is not noted."""
    assert set(get_args(Action)) == set(re.findall(r'^  "?([\w.]+)"?:', table("DEEDS"), re.MULTILINE))
