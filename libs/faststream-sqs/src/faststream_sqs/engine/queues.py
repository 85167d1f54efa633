"""Finds queues: name, URL or ARN to what the engine needs, each asked for once."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from faststream_sqs.schemas.queue import SQSQueue

from .client import QueueGoneError, QueueInfo, SQSApi

OnMissing = Literal["fail", "create"]

DOCUMENTS = {"Policy", "RedriveAllowPolicy"}  # attributes that are JSON


class Queues:
    """A directory of queues; `places` maps logical names to where an operator put them."""

    def __init__(self, api: SQSApi, places: Mapping[str, str], on_missing: OnMissing) -> None:
        self._api, self._places, self._on_missing = api, places, on_missing
        self._urls: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._targets: dict[str, QueueInfo] = {}

    async def locate(self, queue: SQSQueue) -> QueueInfo:
        """Name and URL, enough to send; raises `QueueGoneError`."""
        spot = queue.at(self._places[queue.name]) if queue.name in self._places else queue
        url = spot.url or self._urls.get(spot.name) or await self._ask_url(spot)
        return QueueInfo(queue.name, url, fifo=spot.fifo)

    async def target(self, address: str) -> QueueInfo:
        """Where to send what is for this name, URL or ARN, remembered; raises `QueueGoneError`."""
        known = self._targets.get(address)
        if known is None:
            known = self._targets[address] = await self.locate(SQSQueue(address))
        return known

    async def describe(self, queue: SQSQueue) -> tuple[QueueInfo, Mapping[str, str]]:
        """All that consuming needs, and the queue's raw attributes."""
        found = await self.locate(queue)
        answer = await self._api.call(
            "get_queue_attributes", found.name, QueueUrl=found.url, AttributeNames=["All"]
        )
        attributes: Mapping[str, str] = answer.get("Attributes") or {}
        redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
        count = redrive.get("maxReceiveCount")
        info = replace(
            found,
            arn=attributes.get("QueueArn", ""),
            visibility=int(attributes.get("VisibilityTimeout", 30)),
            max_receive_count=None if count is None else int(count),
            dead_letter_arn=redrive.get("deadLetterTargetArn"),
        )
        return info, attributes

    async def delete(self, queue: QueueInfo) -> None:
        """Delete a queue made here; raises `CallError`."""
        self._urls.pop(queue.name, None)
        self._targets = {address: one for address, one in self._targets.items() if one.url != queue.url}
        await self._api.call("delete_queue", queue.name, QueueUrl=queue.url)

    async def _ask_url(self, queue: SQSQueue) -> str:
        # Concurrent first publishes ask once.
        async with self._locks.setdefault(queue.name, asyncio.Lock()):
            if queue.name not in self._urls:
                self._urls[queue.name] = await self._find_or_create(queue)
        return self._urls[queue.name]

    async def _find_or_create(self, queue: SQSQueue) -> str:
        owner = {"QueueOwnerAWSAccountId": queue.owner_account_id} if queue.owner_account_id else {}
        try:
            answer = await self._api.call("get_queue_url", queue.name, QueueName=queue.name, **owner)
        except QueueGoneError:
            if self._on_missing == "fail" and not queue.declare:
                raise
            return await self._create(queue)
        return str(answer["QueueUrl"])

    async def _create(self, queue: SQSQueue) -> str:
        attributes = queue.to_attributes() | await self._redrive(queue)
        answer = await self._api.call(
            "create_queue",
            queue.name,
            QueueName=queue.name,
            Attributes=attributes,
            tags=dict(queue.tags),
        )
        return str(answer["QueueUrl"])

    async def _redrive(self, queue: SQSQueue) -> dict[str, str]:
        if queue.redrive is None:
            return {}
        target, _ = await self.describe(SQSQueue(queue.redrive.queue_name, fifo=queue.fifo))
        return {"RedrivePolicy": queue.redrive.to_attribute(target.arn)}


def mismatches(queue: SQSQueue, actual: Mapping[str, str]) -> list[str]:
    """How the real queue differs from what was declared, one sentence part per attribute."""
    wanted = queue.to_attributes() | ({"FifoQueue": "true"} if queue.fifo else {})
    differences = [
        f"{name} is {actual.get(name)}, not {value}"
        for name, value in wanted.items()
        if not _same(name, value, actual.get(name, ""))
    ]
    return differences + _redrive_mismatch(queue, json.loads(actual.get("RedrivePolicy") or "{}"))


def _same(name: str, wanted: str, actual: str) -> bool:
    if name in DOCUMENTS:
        # SQS may reorder a document's keys, and puts ids into a policy.
        return name == "Policy" or json.loads(actual or "{}") == json.loads(wanted)
    return actual.lower() == wanted.lower()


def _redrive_mismatch(queue: SQSQueue, actual: Mapping[str, object]) -> list[str]:
    if queue.redrive is None:
        return []
    target = str(actual.get("deadLetterTargetArn", "")).rsplit(":", 1)[-1]
    count = actual.get("maxReceiveCount")
    if (target, str(count)) == (queue.redrive.queue_name, str(queue.redrive.max_receive_count)):
        return []
    return [f"its redrive policy is {count} receives, then {target or 'nothing'}"]
