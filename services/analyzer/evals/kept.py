"""Answers kept in a folder by model, prompt and dialogue: a slow model's run goes on where it stopped."""

import json
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from common.account import Account, accounting
from common.errors import Permanent, PipelineError
from common.metrics import ProviderMetrics
from common.model import Noun
from common.work import Claims, WorkId
from openai import APITimeoutError
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, JsonValue

R = TypeVar("R", bound=BaseModel)

_TIMEOUT = "no_answer_in_time"
USELESS = frozenset({"provider_answer", "provider_refused", "answer_too_long", _TIMEOUT})
"""Failures that are the model's own; others say that it could not be asked."""


class Taken(Noun):
    """What one dialogue took, failed answers included; *seconds* of waiting for the model."""

    seconds: float = 0.0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "Taken") -> "Taken":
        """Both together."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Taken.model_validate({name: mine[name] + theirs[name] for name in mine})


class _Kept(Noun):
    result: JsonValue = None
    failed: str | None = None
    taken: Taken


class KeptAnswers(Claims):
    """The product's claims on paid work, on files: what was asked before is not asked again.

    An answer that is of no use is kept as well, and fails again when it is asked for again.
    """

    def __init__(self, folder: Path) -> None:  # the product's is a collection of a database
        self._folder = folder
        self.taken: dict[str, Taken] = {}
        """By call, what its answers took when they were given."""

    async def once(self, work: WorkId, shape: type[R], do: Callable[[], Awaitable[R]]) -> R:
        """The answer to this question, now or from before."""
        path = self._folder / f"{work.call.call_id}-{_digest(work, shape)}.json"
        if path.exists():
            kept = _Kept.model_validate_json(path.read_bytes())
        else:
            kept = await _answered(do)
            _write(path, kept)
        call = work.call.call_id
        self.taken[call] = self.taken.get(call, Taken()) + kept.taken
        return shape.model_validate(_result(kept))


def _digest(work: WorkId, shape: type[BaseModel]) -> str:
    """An answer in another shape answers another question."""
    schema = json.dumps(shape.model_json_schema(), sort_keys=True)
    return sha256((work.digest + schema).encode()).hexdigest()[:12]


async def _answered(do: Callable[[], Awaitable[BaseModel]]) -> _Kept:
    account, begun = Account("analyze", ProviderMetrics(CollectorRegistry()), {}), time.monotonic()
    result: JsonValue = None
    failed: str | None = None
    with accounting(account):
        try:
            result = (await do()).model_dump(mode="json")
        except PipelineError as error:
            failed = _TIMEOUT if isinstance(error.__cause__, APITimeoutError) else error.reason
            if failed not in USELESS:
                raise
    return _Kept(result=result, failed=failed, taken=_taken(account, time.monotonic() - begun))


def _taken(account: Account, seconds: float) -> Taken:
    return Taken(
        seconds=round(seconds, 1),
        requests=account.requests,
        input_tokens=account.input_tokens,
        output_tokens=account.output_tokens,
        cost_usd=account.cost_usd,
    )


def _result(kept: _Kept) -> JsonValue:
    """The result, or the failure that it was."""
    if kept.failed is None:
        return kept.result
    raise Permanent("the model gave no answer of use", reason=kept.failed)


def _write(path: Path, kept: _Kept) -> None:
    """All or nothing: who is interrupted leaves no half of an answer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(kept.model_dump_json(indent=1), "utf-8")
    part.replace(path)
