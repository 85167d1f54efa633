"""Words that were found, marked in a text that others wrote."""

from html import escape
from typing import Final

BEGIN: Final = "\ue000"
END: Final = "\ue001"
"""Private characters, which nobody says: between them the server puts what it found."""


def marked(fragment: str) -> str:
    """The text escaped as HTML, what was found between ``<em>`` and ``</em>``."""
    return escape(fragment).replace(BEGIN, "<em>").replace(END, "</em>")
