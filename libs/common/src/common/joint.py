"""One request to a provider for several calls of a tenant: what it takes is shared out among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.account import Account, Answered
from common.model import CallKey, Work


@dataclass(frozen=True, slots=True)
class Party:
    """A call that takes part in a request with texts of so many tokens."""

    account: Account
    weight: int

    @property
    def key(self) -> CallKey | None:
        """Which call it is."""
        return self.account.key


class JointAccount(Account):
    """What calls of one tenant ask together: one request, of which each pays its part."""

    def __init__(self, parties: Sequence[Party]) -> None:
        first = parties[0].account
        super().__init__(first.stage, first.metrics, first.classes)
        self.tenant_id = first.tenant_id
        self.parties = tuple(parties)

    def asked(self, provider: str, model: str, outcome: Answered, seconds: float) -> None:
        """A request came to its end: the metrics count one, every call took part in one."""
        first, *others = (party.account for party in self.parties)
        first.asked(provider, model, outcome, seconds)
        for account in others:
            account.requests += 1

    def waited(self, model: str, seconds: float) -> None:
        """It had to wait, once."""
        self.parties[0].account.waited(model, seconds)

    def paid(self, model: str, work: Work) -> None:
        """An answer was paid for, by each its part."""
        for party, part in zip(self.parties, shared_out(work, self.weights), strict=True):
            party.account.paid(model, part)

    @property
    def weights(self) -> tuple[int, ...]:
        """The parties', in order."""
        return tuple(party.weight for party in self.parties)


def shared_out(work: Work, weights: Sequence[int]) -> tuple[Work, ...]:
    """The parts of each by weight: tokens and USD add up to the whole, each took part in all requests."""
    tokens = tuple(apportioned(work.input_tokens, weights))
    usd = fractions(tokens if work.input_tokens else weights)
    return tuple(
        work.model_copy(
            update={
                "input_tokens": mine,
                "cost_usd": None if work.cost_usd is None else work.cost_usd * share,
            }
        )
        for mine, share in zip(tokens, usd, strict=True)
    )


def fractions(weights: Sequence[int]) -> tuple[float, ...]:
    """Weights that add up to one."""
    whole = sum(weights) or len(weights)
    return tuple((weight if sum(weights) else 1) / whole for weight in weights)


def apportioned(total: int, weights: Sequence[int]) -> Iterator[int]:
    """*total* in whole parts by weight; what rounding takes from one the next ones get."""
    given, so_far, whole = 0, 0, sum(weights)
    for n, weight in enumerate(weights, start=1):
        so_far += weight
        until = total * so_far // whole if whole else total * n // len(weights)
        yield until - given
        given = until
