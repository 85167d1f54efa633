"""What a person is told of how a call was heard."""

import pytest
from common.ctl.amiss import amiss
from common.model import Coverage, Damage, Refused
from nouns import transcript

MISSING = Coverage(
    speech_ms=10_000,
    transcribed_ms=9_120,
    share=0.912,
    flagged=True,
    refused=(Refused(reason="loop", ms=12_340, count=3), Refused(reason="no_words", ms=500, count=1)),
)
ENOUGH = Coverage(speech_ms=1000, transcribed_ms=990, share=0.99, flagged=False)
CUT = Damage(what="cut_off", at_ms=3_723_000)
JUMP = Damage(what="clock_jump", at_ms=0, lost_ms=1500, times=2)


@pytest.mark.parametrize(
    ("coverage", "damage", "told"),
    [
        (None, (), None),
        (ENOUGH, (), None),
        (MISSING, (), "91.2% of the speech became text (loop 12.3 s in 3, no_words 0.5 s in 1)"),
        (ENOUGH, (CUT, JUMP), "cut_off at 1:02:03; clock_jump at 0:00:00, 1.5 s lost (2 times)"),
        (
            MISSING.model_copy(update={"refused": ()}),
            (CUT,),
            "91.2% of the speech became text; cut_off at 1:02:03",
        ),
    ],
)
def test_one_line_says_what_is_amiss(
    coverage: Coverage | None, damage: tuple[Damage, ...], told: str | None
) -> None:
    """And nothing where nothing is."""
    assert told == amiss(transcript().model_copy(update={"coverage": coverage, "damage": damage}))
