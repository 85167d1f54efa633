"""What KEDA and the HPA would decide, from the same ScaledObject; its clock may run faster than theirs."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any


@dataclass(frozen=True)
class Policy:
    """What a ScaledObject on an SQS queue asks for; times in seconds."""

    queue_length: int
    minimum: int
    maximum: int
    counts_in_flight: bool
    stabilization: float
    shrink_percent: int
    shrink_period: float
    cooldown: float

    @classmethod
    def of(cls, scaled_object: Mapping[str, Any]) -> "Policy":
        """Read it from a rendered manifest."""
        spec = scaled_object["spec"]
        trigger = next(t for t in spec["triggers"] if t["type"] == "aws-sqs-queue")["metadata"]
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        shrink = next(p for p in down["policies"] if p["type"] == "Percent")
        return cls(
            queue_length=int(trigger["queueLength"]),
            minimum=int(spec.get("minReplicaCount", 0)),
            maximum=int(spec["maxReplicaCount"]),
            counts_in_flight=trigger["scaleOnInFlight"] == "true",
            stabilization=float(down["stabilizationWindowSeconds"]),
            shrink_percent=int(shrink["value"]),
            shrink_period=float(shrink["periodSeconds"]),
            cooldown=float(spec.get("cooldownPeriod", 300)),
        )

    def asked(self, visible: int, in_flight: int) -> int:
        """Replicas for so many messages: one for every ``queueLength``, within bounds."""
        messages = visible + (in_flight if self.counts_in_flight else 0)
        return min(max(ceil(messages / self.queue_length), self.minimum), self.maximum)


@dataclass
class Autoscaler:
    """Follows a queue: up at once, down slowly, to zero only after the cooldown.

    *hurry* divides every time of the policy, so that a drill lasts seconds.
    """

    policy: Policy
    hurry: float = 1.0
    _wishes: deque[tuple[float, int]] = field(default_factory=deque)
    _last_busy: float | None = None
    _shrunk_at: float = float("-inf")

    def decide(self, now: float, current: int, visible: int, in_flight: int) -> int:
        """How many replicas there should be, at this instant."""
        asked = self.policy.asked(visible, in_flight)
        if visible + in_flight or self._last_busy is None:
            self._last_busy = now
        self._remember(now, asked)
        if asked >= current:
            return asked
        return self._lower(now, current, max(wish for _, wish in self._wishes))

    def _remember(self, now: float, asked: int) -> None:
        self._wishes.append((now, asked))
        while self._wishes[0][0] < now - self.policy.stabilization / self.hurry:
            self._wishes.popleft()

    def _lower(self, now: float, current: int, lowest: int) -> int:
        if now - self._shrunk_at < self.policy.shrink_period / self.hurry or lowest >= current:
            return current
        floor = 0 if self._may_rest(now) else max(1, self.policy.minimum)
        step = max(1, current * self.policy.shrink_percent // 100)
        self._shrunk_at = now
        return max(lowest, current - step, floor)

    def _may_rest(self, now: float) -> bool:
        assert self._last_busy is not None
        idle = now - self._last_busy
        return self.policy.minimum == 0 and idle >= self.policy.cooldown / self.hurry
