"""The steps of a worker's way through a call, as seen from outside, and a SIGKILL at the one a test names."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import Literal, get_args

Step = Literal["received", "claimed", "called", "answered", "kept", "concluded", "announced"]
"""It has the message; a piece of work is claimed; it is asked about; the answer is about to be kept;
it is kept; the stage's document is kept; the event is sent and the message about to be deleted."""

STEPS: tuple[Step, ...] = get_args(Step)


@dataclass
class Steps:
    """Whoever stands between the worker and the world tells of each step; at the armed one, it dies."""

    victim: int = 0
    """The process to kill; 0 is nobody."""
    fired: asyncio.Event = field(default_factory=asyncio.Event)
    _armed: Step | None = None
    _left: int = 0

    def arm(self, step: Step, times: int = 1) -> None:
        """Kill when *step* is reached for the so-manieth time from now on."""
        self.fired.clear()
        self._armed, self._left = step, times

    def at(self, step: Step) -> None:
        """Tell of a step.

        Raises:
            Killed: the worker did not survive it; hand nothing on to it, and nothing from it.
        """
        if step != self._armed:
            return
        self._left -= 1
        if self._left == 0:
            self._armed = None
            os.kill(self.victim, signal.SIGKILL)
            self.fired.set()
            raise Killed


class Killed(ConnectionError):
    """The worker is dead."""
