"""What the workers of one stage are given to do, and the provider they ask."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backstage import Backstage
from provider_log import Act

TENANT = "acme"


@dataclass(frozen=True, kw_only=True)
class Trade:
    """Workers of *stage* run *service*, keep a document a call in *collection*, tell *then* if there is one.

    ``questions``: how many each call takes; ``open_at_once``: requests a worker may have under way;
    ``provider`` has a ``log``, those ``answered``, and a ``plan`` of what it does to the n-th request;
    ``key``: the variable whose value a request tells, so that workers are told apart;
    ``said``: the answer's text in a kept result; ``counts``: whether a ledger's row tells what was sent.
    """

    stage: str
    service: str
    collection: str
    then: str | None
    questions: int
    open_at_once: int
    chosen: dict[str, str]
    provider: Any
    speak: Act
    hand_in: Callable[[Backstage, Path, str, int], Awaitable[None]]
    said: Callable[[dict[str, Any]], str]
    counts: Callable[[dict[str, Any], Any], bool]
    key: str = "OPENAI_API_KEY"
