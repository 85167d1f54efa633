"""Whether two texts share a content word: what makes a question a paraphrase of its answer.

The rule: letters only, in lower case, without a final "n't"; stop words out; two words are the same if their
first five letters are, after a plural's or verb's ending (s, es, ed, ing) is cut. It errs on the strict side.
"""

import re

_WORD = re.compile(r"[^\W\d_]+")
_NOT = re.compile(r"n['’]t\b")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s)$")
_COMPARED = 5  # letters: "deliver", "delivery" and "deliveries" are one word

_STOP = frozenset(
    _WORD.findall(
        """
        a about after all also am an and any anybody anyone anything are as at be because been
        before being both but by ca can could did do does doing done down each every for from get
        gets getting go goes going gone got had has have having he her here hers him his how i if in
        into is it its just ll lot many may me might mine more most much must my no nobody none nor
        not nothing of off oh okay on once one only onto or other our out over own re s said say
        says sha shall she should so some somebody someone something somewhere still such than that
        the their them then there these they this those through till to too uh um under until up us
        ve very was we well went were what whatever when where which while who whole whom whose why
        will with without wo would yes yet you your
        """
    )
)


def content_words(text: str) -> frozenset[str]:
    """The stems of a text's words that carry meaning."""
    words = _WORD.findall(_NOT.sub("", text.lower()))
    return frozenset(_stem(word) for word in words if word not in _STOP and len(word) > 1)


def _stem(word: str) -> str:
    return _ENDING.sub("", word)[:_COMPARED]
