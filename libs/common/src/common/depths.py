"""How much lies on each queue, as SQS counts: roughly, and all it tells for free."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.errors import PipelineError, Transient, raising
from common.pipeline import dead_letter_name

SQS_FAILURES: dict[type[Exception], type[PipelineError]] = dict.fromkeys(
    (ClientError, BotoCoreError, OSError), Transient
)
_COUNTS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages that wait, that somebody works on, and that were told to wait."""

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.visible + self.in_flight + self.delayed


class Queues:
    """The queues this process was told of, and their dead-letter queues; *urls* by stage."""

    def __init__(self, sqs: Any, urls: Mapping[str, str]) -> None:
        self.sqs = sqs
        self.urls = dict(urls)
        self._dead: dict[str, str] = {}

    async def depth(self, url: str) -> Depth:
        """What lies on one queue."""
        found = await self.attributes(url, *_COUNTS.values())
        return Depth(**{state: int(found.get(name, 0)) for state, name in _COUNTS.items()})

    async def depths(self) -> dict[str, Depth]:
        """What lies on each queue and dead-letter queue, by name."""
        found: dict[str, Depth] = {}
        for stage, url in self.urls.items():
            found[stage] = await self.depth(url)
            if dead := await self.dead_letters(stage):
                found[dead_letter_name(stage)] = await self.depth(dead)
        return found

    async def dead_letters(self, stage: str) -> str | None:
        """The URL of a stage's dead-letter queue, as its redrive policy names it."""
        if stage not in self._dead:
            policy = redrive_policy(await self.attributes(self.urls[stage], "RedrivePolicy"))
            if not policy:
                return None
            self._dead[stage] = await self.url(policy["deadLetterTargetArn"].rsplit(":", 1)[-1])
        return self._dead[stage]

    async def url(self, name: str) -> str:
        """Where a queue of this name is."""
        with raising("looking a queue up", SQS_FAILURES):
            return str((await self.sqs.get_queue_url(QueueName=name))["QueueUrl"])

    async def attributes(self, url: str, *names: str) -> dict[str, str]:
        """A queue's attributes."""
        with raising("looking at a queue", SQS_FAILURES):
            answer = await self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
        return dict(answer.get("Attributes") or {})


def redrive_policy(attributes: Mapping[str, str]) -> dict[str, Any]:
    """Where a queue's messages go after how many receives; empty if they go nowhere."""
    found: dict[str, Any] = json.loads(attributes.get("RedrivePolicy") or "{}")
    return found
