"""How text becomes terms, beyond what SQLite's own tokenizers do: a custom analyzer that folds."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

from onebox.search.errors import not_offered, only

Flavour = Literal["standard", "english", "folded"]

BUILT_IN: Mapping[str, Flavour] = {"standard": "standard", "english": "english"}
_FOLDED = ("lowercase", "asciifolding", "minimal_english")
_SINGLE = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"})
_SHORTEST = 3  # letters of a word that has a plural


def flavours(analysis: Any) -> dict[str, Flavour]:
    """Return the analyzers of an index by name; raises Refused for any put together in another way."""
    only(analysis, {"analyzer", "filter"}, "analysis")
    filters = dict(_filters(analysis.get("filter", {})))
    custom = {name: _custom(given, filters) for name, given in analysis.get("analyzer", {}).items()}
    return {**BUILT_IN, **custom}


def folded(word: str) -> str:
    """Return a word in lower case, without accents and without the s of a plural."""
    letters = unicodedata.normalize("NFKD", word.lower().translate(_SINGLE))
    return _singular("".join(letter for letter in letters if not unicodedata.combining(letter)))


def _singular(word: str) -> str:
    """What Lucene's minimal English stemmer makes of a word."""
    if len(word) < _SHORTEST or not word.endswith("s") or word[-2] in "us":
        return word
    if word[-2] != "e":
        return word[:-1]
    if word.endswith("ies") and len(word) > _SHORTEST and word[-4] not in "ae":
        return f"{word[:-3]}y"
    return word if word[-3] in "iaoe" else word[:-1]


def _filters(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, options in given.items():
        only(options, {"type", "language", "name"}, f"filter {name}")
        language = options.get("language", options.get("name"))
        if options.get("type") != "stemmer" or language != "minimal_english":
            raise not_offered(f"the token filter {dict(options)}")
        yield name, cast("str", language)


def _custom(given: Any, filters: Mapping[str, str]) -> Flavour:
    only(given, {"type", "tokenizer", "filter"}, "analyzer")
    chain = tuple(filters.get(name, name) for name in given.get("filter", ()))
    if (given.get("type"), given.get("tokenizer"), chain) != ("custom", "standard", _FOLDED):
        raise not_offered(f"the analyzer {dict(given)}; it has standard, english, and one that folds")
    return "folded"
