"""Chat models: prices, sizes, and what may be asked of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

ReasoningEffort = Literal["none", "low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModel:
    """Prices are USD for a million tokens, sizes are tokens; None is not known.

    Whoever takes ``reasoning`` reasons unless told not to, and bills it as output. ``bounds_lists``: its
    grammar knows ``maxItems``, without which a small model goes on with a list until its tokens are used up.
    """

    usd_per_million_in: float | None
    usd_per_million_out: float | None
    usd_per_million_cached: float | None = None
    context: int | None = None
    max_output: int | None = None
    reasoning: tuple[ReasoningEffort, ...] = ()
    bounds_lists: bool = False
    shutdown: date | None = None

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """USD for so many tokens, none of them cached."""
        if self.usd_per_million_in is None or self.usd_per_million_out is None:
            return None
        return (tokens_in * self.usd_per_million_in + tokens_out * self.usd_per_million_out) / 1_000_000


_GPT_4_ERA_ENDS: Final = date(2027, 1, 14)
_GPT_5_ERA_ENDS: Final = date(2026, 12, 11)
_GPT_5_1_ERA_ENDS: Final = date(2027, 4, 1)


def _gpt_6(usd_in: float, cached: float, usd_out: float) -> ChatModel:
    return ChatModel(
        usd_per_million_in=usd_in,
        usd_per_million_cached=cached,
        usd_per_million_out=usd_out,
        context=1_050_000,
        max_output=128_000,
        reasoning=("none", "low", "medium", "high"),
    )


def _ending(shutdown: date, usd_in: float | None = None, usd_out: float | None = None) -> ChatModel:
    return ChatModel(usd_per_million_in=usd_in, usd_per_million_out=usd_out, shutdown=shutdown)


CHAT: Final[Mapping[str, ChatModel]] = MappingProxyType(
    {
        "gpt-6-luna": _gpt_6(0.10, 0.01, 0.50),
        "gpt-6.1-terra": _gpt_6(1.0, 0.05, 5.0),
        "gpt-6-sol": _gpt_6(2.0, 0.20, 10.0),
        "gpt-6.1-sol": _gpt_6(2.0, 0.20, 10.0),
        "gpt-4o": _ending(_GPT_4_ERA_ENDS, 2.50, 10.0),
        **dict.fromkeys(("gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"), _ending(_GPT_4_ERA_ENDS)),
        **dict.fromkeys(("gpt-5", "gpt-5-mini", "gpt-5-nano", "o3"), _ending(_GPT_5_ERA_ENDS)),
        **dict.fromkeys(("gpt-5.1", "gpt-5.4-nano"), _ending(_GPT_5_1_ERA_ENDS)),
        "local-rules": ChatModel(usd_per_million_in=0.0, usd_per_million_out=0.0, context=1_000_000),
        # As the one-machine stack serves it: half of its context, for the memory's sake.
        "qwen2.5-coder-1.5b-instruct": ChatModel(
            usd_per_million_in=0.0,
            usd_per_million_out=0.0,
            context=16_384,
            max_output=4_000,
            bounds_lists=True,
        ),
    }
)
