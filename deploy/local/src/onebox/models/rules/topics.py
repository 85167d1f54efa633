"""What a call is about: its own words that come up again and again, and the usual subjects of business."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from onebox.models.rules.lexicon import lexicon, says
from onebox.models.rules.lines import Sentence

_FEWEST = 2
_MOST = 6
_MOST_QUOTES = 3


def topics(said: Sequence[Sentence]) -> list[dict[str, Any]]:
    """What is talked about most, by the lexicon's topics, each in at least two sentences."""
    found = {topic: [one for one in said if says(one.text, "topics", topic)] for topic in lexicon()["topics"]}
    frequent = sorted(found.items(), key=lambda pair: -len(pair[1]))[:_MOST]
    return [
        {"topic": topic, "evidence": [sentence.evidence() for sentence in where[:_MOST_QUOTES]]}
        for topic, where in frequent
        if len(where) >= _FEWEST
    ]
