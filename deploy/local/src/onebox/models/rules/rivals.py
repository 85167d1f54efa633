"""Companies that a customer names as rivals of the seller."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from onebox.models.rules.lines import Line, Sentence
from onebox.models.rules.names import Name, is_time, trimmed

_WORD = r"[A-Z][^\W\d_]*(?:[-'’][A-Z][^\W\d_]+|[A-Z][^\W\d_]+)*"
_NAME = rf"(?P<name>{_WORD}(?: {_WORD})*)"
_FORMS = (
    re.compile(
        r"\b(?:look(?:ed|ing) at|chat(?:ted)? with|talk(?:ed|ing) (?:to|with)|sp(?:oke|eaking) (?:to|"
        "with)|met with|considering|"
        "(?:quote|offer|proposal|bid|fella|guy|man|woman|rep|someone|somebody|salesman) from|"
        r"compar(?:ed|ing) (?:\w+ )?(?:to|with)|"
        "cheaper than|switch(?:ed|ing)? (?:to|from)|(?:went|gone|going|signed|stay|staying) with|"
        "versus|(?:competitor|rival),?(?: called)?|"
        "[Tt]he (?:firm|company)|[Dd]ie Firma|another (?:app|tool|company|provider|supplier|system|"
        "product),|"
        rf"[Ww]e(?:'re| are| were) (?:all )?(?:on|with)) {_NAME}"
    ),
    re.compile(
        rf"(?:^|[.,;:] |\b(?:but|and|But|And|because|said|see) )(?:[Ss]ee, )?{_NAME} (?:just )?"
        r"(?:offered|quoted|charges?|charged|gave (?:me|us)|told (?:me|us) [\w ]{1,30} (?:a|"
        "per) (?:month|year|piece)|(?:is|are|was|were) (?:cheaper|half)|"
        r"(?:has|have) been after us|wanted to charge|wanted \w+ (?:pounds|dollars|euros)|does it for|"
        r"do it for|would do it for)\b"
    ),
    re.compile(rf"\b(?:one|two) others?[.,:] {_NAME}\b"),
)
_MOST_QUOTES = 3
_WEIGHED = frozenset({"person", "place"})


def competitors(
    lines: Sequence[Line], said: Sequence[Sentence], names: Sequence[Name]
) -> list[dict[str, Any]]:
    """Rivals with the sentences that name them; the parties' own names and people are none."""
    known = {word for name in names if name.kind in _WEIGHED or _is_party(name) for word in name.text.split()}
    found = dict.fromkeys(name for line in lines if not line.is_seller for name in _named(line.text))
    return [
        {
            "name": name,
            "evidence": [
                one.evidence(name) for one in said if re.search(rf"\b{re.escape(name)}\b", one.text)
            ][:_MOST_QUOTES],
        }
        for name in found
        if not known & set(name.split())
    ]


def _named(text: str) -> Iterator[str]:
    for form in _FORMS:
        for match in form.finditer(text):
            name = trimmed(match["name"])
            if name and not is_time(name.split()[0]):
                yield name


_INTRODUCED = re.compile(
    r"\b(?:this is|my name is|my name's|it's|i'm|i am|is that|is this|we're|you're speaking with|"
    r"for calling|calling from|i run|run \w+ at|here at|welcome to)\b.{0,60}$",
    re.IGNORECASE,
)


def _is_party(name: Name) -> bool:
    """Whether somebody introduces themselves by it."""
    return name.kind == "organization" and any(
        _INTRODUCED.search(one.text[: one.text.find(name.text)])
        for one in name.sentences
        if name.text in one.text
    )
