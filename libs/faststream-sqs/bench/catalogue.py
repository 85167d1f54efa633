"""The scenarios by name."""

from collections.abc import Callable, Mapping

from .load import Figures, Load
from .scenarios import idle, noop, saturated, slope, trickle
from .server import Server
from .troubles import long_calls, stopped, stormy
from .worker import Peer

Scenario = Callable[[Peer, Server], Figures]
SCENARIOS: Mapping[str, Scenario] = {
    "B1": lambda peer, server: saturated(peer, server, Load(900)),
    "B3": lambda peer, server: saturated(
        peer, server, Load(1800, seconds=1.0, in_flight=300, round_trip=0.01)
    ),
    "B1t": lambda peer, server: trickle(peer, server, Load(60, in_flight=10, warm_up=5), 2.0),
    "B4": lambda peer, server: trickle(
        peer, server, Load(30, seconds=0.2, in_flight=10, round_trip=0.01, warm_up=5), 2.0
    ),
    "B4f": lambda peer, server: trickle(
        peer, server, Load(200, seconds=0.2, in_flight=20, round_trip=0.01, warm_up=5), 20.0
    ),
    "B5": lambda peer, server: idle(peer, server, 120.0),
    "B6": lambda peer, server: slope(peer, server, Load(33_000, warm_up=600)),
    "B7": lambda peer, server: long_calls(
        peer, server, Load(16, seconds=10.0, in_flight=16, visibility=6, warm_up=0), faults=0, stall=0.0
    ),
    "B7f": lambda peer, server: long_calls(
        peer, server, Load(16, seconds=10.0, in_flight=16, visibility=6, warm_up=0), faults=60, stall=5.0
    ),
    "B9": lambda peer, server: stopped(
        peer, server, Load(24, seconds=2.0, in_flight=24, visibility=10, warm_up=0), 25.0
    ),
    "B9s": lambda peer, server: stopped(
        peer, server, Load(24, seconds=2.0, in_flight=24, visibility=10, warm_up=0), 1.0
    ),
    "B12": lambda peer, server: stormy(
        peer, server, Load(1200, seconds=0.05, in_flight=30, visibility=10), 0.2
    ),
    "B14": noop,
}
