"""Create queues with their dead-letter queues, as often as asked."""

import json
from collections.abc import Mapping
from typing import Any

from common.pipeline import DEAD_LETTER_RETENTION, MAX_RECEIVE_COUNT, VISIBILITY_TIMEOUT, dead_letter_name

QUEUE_ATTRIBUTES: Mapping[str, str] = {"VisibilityTimeout": str(VISIBILITY_TIMEOUT)}
DLQ_ATTRIBUTES: Mapping[str, str] = {"MessageRetentionPeriod": str(DEAD_LETTER_RETENTION)}


async def create_queues(sqs: Any, queues: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Create each queue with its dead-letter queue, and return the URLs of the queues by name.

    The attributes given for a queue win over the defaults; a queue that exists is brought to the same
    attributes, so a changed setting takes effect.
    """
    return {name: await _create_pair(sqs, name, attributes) for name, attributes in queues.items()}


async def queue_arn(sqs: Any, url: str) -> str:
    """Return the ARN of a queue, as redrive policies and notifications name it."""
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


async def _create_pair(sqs: Any, name: str, attributes: Mapping[str, str]) -> str:
    fifo = ".fifo" if name.endswith(".fifo") else ""
    kind = {"FifoQueue": "true"} if fifo else {}
    dlq = await _create(sqs, dead_letter_name(name.removesuffix(fifo)) + fifo, DLQ_ATTRIBUTES, kind)
    redrive = _redrive_policy(await queue_arn(sqs, dlq))
    return await _create(sqs, name, {**QUEUE_ATTRIBUTES, **redrive, **attributes}, kind)


async def _create(sqs: Any, name: str, attributes: Mapping[str, str], kind: Mapping[str, str]) -> str:
    """Look first: CreateQueue refuses a queue that exists with other attributes."""
    try:
        url: str = (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        url = (await sqs.create_queue(QueueName=name, Attributes={**kind, **attributes}))["QueueUrl"]
    else:
        await sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(attributes))
    return url


def _redrive_policy(dlq_arn: str) -> dict[str, str]:
    policy = {"deadLetterTargetArn": dlq_arn, "maxReceiveCount": MAX_RECEIVE_COUNT}
    return {"RedrivePolicy": json.dumps(policy)}
