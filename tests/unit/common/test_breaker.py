"""A provider that fails is left alone, and tried again by one request at a time."""

from math import inf

import pytest
from common.breaker import Breaker, Outcome, Rules, Ticket
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

RULES = Rules(window=30, least=10, share=0.5, in_a_row=5, outage=15, denied=60, longest=300)


def ask(breaker: Breaker, now: float, outcome: Outcome) -> None:
    """One request, with that end."""
    ticket = breaker.enter(now)
    assert ticket is not None
    breaker.record(ticket, now, outcome)


def opened(outcomes: list[Outcome], *, apart: float = 1.0) -> str:
    """The state after so many requests."""
    breaker = Breaker(RULES)
    for n, outcome in enumerate(outcomes):
        ask(breaker, n * apart, outcome)
    return breaker.state((len(outcomes) - 1) * apart)


@pytest.mark.parametrize(
    ("outcomes", "apart", "state"),
    [
        (["ok", "outage"] * 4 + ["ok"], 1, "closed"),
        (["ok", "outage"] * 5, 1, "open"),
        (["ok", "ok", "outage"] * 10, 1, "closed"),
        (["outage"] * 4, 1, "closed"),
        (["outage"] * 5, 1, "open"),
        (["outage"] * 5, 600, "open"),
        (["outage"] * 4 + ["ok"] + ["outage"] * 4, 1, "closed"),
        (["ok", "outage"] * 5, 10, "closed"),
        (["busy"] * 50, 1, "closed"),
        (["busy", "outage", "busy", "outage"] * 2, 1, "closed"),
        (["denied"], 1, "open"),
        (["ok", "quota"], 1, "open"),
    ],
    ids=[
        "nine of them",
        "half of ten",
        "a third",
        "four in a row",
        "five in a row",
        "five in a row, slowly",
        "one came through",
        "half of them, slowly",
        "busy is not broken",
        "busy counts for nothing",
        "a wrong key",
        "an exhausted account",
    ],
)
def test_it_opens_on_outages_at_once_on_a_wrong_key_and_never_on_429(
    outcomes: list[Outcome], apart: float, state: str
) -> None:
    """Half of ten in half a minute, or five in a row however slowly they come."""
    assert state == opened(outcomes, apart=apart)


def test_while_it_is_open_nobody_asks_then_one_does_and_all_others_wait_for_it() -> None:
    """A provider that comes back is not met by everybody at once."""
    breaker = Breaker(RULES)
    for _ in range(5):
        ask(breaker, 0, "outage")

    assert (None, 15.0) == (breaker.enter(0), breaker.wait(0))
    assert Ticket(era=1, probe=True) == breaker.enter(15)
    assert (None, inf) == (breaker.enter(15), breaker.wait(15))


def test_each_failed_probe_doubles_the_rest_up_to_five_minutes() -> None:
    """And a successful one ends it, so that the next outage begins small."""
    breaker, now, rests = Breaker(RULES), 0.0, []
    for _ in range(5):
        ask(breaker, now, "outage")
    for _ in range(7):
        rests.append(breaker.wait(now))
        now += breaker.wait(now)
        ask(breaker, now, "outage")
    ask(breaker, now + 300, "ok")
    for _ in range(5):
        ask(breaker, now + 300, "outage")

    assert ([15, 30, 60, 120, 240, 300, 300], 15) == (rests, breaker.wait(now + 300))


def test_a_busy_probe_shows_that_the_provider_is_back() -> None:
    """It answered; the limiter sees to the rest."""
    breaker = Breaker(RULES)
    ask(breaker, 0, "denied")
    ask(breaker, 60, "busy")

    assert "closed" == breaker.state(60)


class Requests(RuleBasedStateMachine):
    """Any number of requests under way, with any ends, at any times."""

    @initialize()
    def begin(self) -> None:
        self.breaker, self.now = Breaker(RULES), 0.0
        self.under_way: list[Ticket] = []

    @rule(seconds=st.integers(0, 400))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def enter(self) -> None:
        wait, ticket = self.breaker.wait(self.now), self.breaker.enter(self.now)
        assert (ticket is not None) == (wait == 0)
        if ticket:
            self.under_way.append(ticket)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), outcome=st.sampled_from(["ok", "busy", "outage", "denied", "quota", None]))
    def end(self, data: st.DataObject, outcome: Outcome | None) -> None:
        ticket = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if outcome is None:
            self.breaker.leave(ticket)
        else:
            self.breaker.record(ticket, self.now, outcome)

    @invariant()
    def one_probe_at_a_time(self) -> None:
        if not hasattr(self, "breaker"):
            return
        current = [ticket for ticket in self.under_way if ticket.era == self.breaker._era]
        assert sum(ticket.probe for ticket in current) <= 1

    @invariant()
    def it_never_rests_longer_than_five_minutes_and_always_tries_again(self) -> None:
        if not hasattr(self, "breaker"):
            return
        probing = any(ticket.probe for ticket in self.under_way)
        assert self.breaker.wait(self.now) <= RULES.longest or probing


TestRequests = Requests.TestCase
TestRequests.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
