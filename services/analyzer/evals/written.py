"""Answers written by hand, as models give them, good and bad, to see what the scorer makes of them."""

from pathlib import Path
from typing import Annotated

import yaml
from analyzer.analysis import Asked
from analyzer.checking import checked
from common.model import Evidence, Insights
from pydantic import Field

from evals.gold import Dialogue
from evals.labels import KINDS, Gold

ANSWERS = Path(__file__).parent / "answers"


class Expected(Gold):
    """Least and most recall and precision, and how many findings fall to the checks."""

    recall: tuple[float, float]
    precision: tuple[float, float]
    unverified: Annotated[int, Field(ge=0)]


class Written(Gold):
    """One answer about one dialogue; fields that are left out are empty or unknown."""

    written_by: str
    about: str
    dialogue: str
    expected: Expected
    answer: dict[str, object]

    def insights(self, dialogue: Dialogue) -> Insights[Evidence]:
        """The answer, checked as the product checks it."""
        asked = Asked.model_validate({**_NOTHING, **dict.fromkeys(KINDS, ()), **self.answer})
        return checked(asked, dialogue.transcript())


def answers(folder: Path = ANSWERS) -> dict[str, Written]:
    """All of them, by the names of their files."""
    return {
        place.stem: Written.model_validate(yaml.safe_load(place.read_text("utf-8")))
        for place in sorted(folder.glob("*.yaml"))
    }


_NOTHING = {
    "summary": "",
    "language": "en",
    "call_type": "other",
    "call_outcome": "unknown",
    "engagement_level": "unknown",
    "sentiment": {
        "overall": "neutral",
        "score": 0.0,
        "confidence": 0.0,
        "reasoning": "",
        "by_speaker": (),
        "by_quarter": (),
        "trend": "unknown",
        "utterances": (),
    },
    "scorecard": (),
    "categories": (),
}
