"""The page has words for every reason that a call can fail for."""

import re
from pathlib import Path

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
