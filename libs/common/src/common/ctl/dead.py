"""How many dead letters lie where, by the reason they were rejected for."""

from collections import Counter
from typing import Final

from common.ctl.letters import DeadLetters, reason_of
from common.depths import Queues
from common.model import Noun

MOST_READ: Final = 1000


class Pile(Noun):
    """Dead letters of one stage with one reason. ``letters`` counts them, as far as they were looked at."""

    stage: str
    reason: str
    letters: int


async def piles(queues: Queues) -> list[Pile]:
    """Every stage this environment names, the largest pile first."""
    found: list[Pile] = []
    for stage in queues.urls:
        letters = await (await DeadLetters.of(queues, stage)).look(MOST_READ)
        reasons = Counter(map(reason_of, letters))
        found += [Pile(stage=stage, reason=reason, letters=n) for reason, n in reasons.most_common()]
    return found
