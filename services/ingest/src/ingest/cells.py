"""Rows of CSV as RFC 4180 has them, in which no spreadsheet finds a formula."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

_FORMULA: Final = tuple("=+-@＝＋－＠")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def csv_row(values: Iterable[object]) -> str:
    """One row; numbers as they are, yes and no as ``true`` and ``false``, nothing as an empty cell."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return line.getvalue()


def one_line(text: str) -> str:
    """Control characters and line breaks become spaces."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _cell(value: object) -> object:
    """An apostrophe goes before what a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
