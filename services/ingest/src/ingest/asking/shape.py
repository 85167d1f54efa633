"""The shape in which a model answers a question; nothing in it is believed before it is checked."""

from common.model import Citation, Noun


class Cited(Citation):
    """Where a sentence rests: a call by its label, such as ``c1``, its utterances, and their words."""

    call: str


class Statement(Noun):
    """One sentence, and what it rests on."""

    text: str
    citations: tuple[Cited, ...]


class Statements(Noun):
    """An answer; none says that the excerpts hold none."""

    sentences: tuple[Statement, ...]
