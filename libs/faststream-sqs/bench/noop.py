"""What a message costs without a server: published and handled in memory, by ours and FastStream's own."""

import asyncio
import json
import logging
import sys
import time
from typing import Any

from faststream.redis import RedisBroker, TestRedisBroker
from faststream_sqs import SQSBroker, TestSQSBroker
from pydantic import BaseModel

MESSAGES = 2_000


class Number(BaseModel):
    """What a message carries."""

    number: int


BROKERS: dict[str, tuple[Any, Any]] = {
    "ours": (SQSBroker, TestSQSBroker),
    "redis": (RedisBroker, TestRedisBroker),
}


async def cost(name: str) -> float:
    """Milliseconds of processor time per message, in the best of five rounds."""
    make, test = BROKERS[name]
    broker = make(logger=None)

    @broker.subscriber("noop")  # type: ignore[untyped-decorator]  # of either broker
    async def handle(message: Number) -> None: ...

    async with test(broker):
        return min([await _round(broker) for _ in range(5)])


async def _round(broker: Any) -> float:
    started = time.process_time()
    for number in range(MESSAGES):
        await broker.publish(Number(number=number), "noop")
    return (time.process_time() - started) / MESSAGES * 1000


if __name__ == "__main__":
    logging.disable(logging.INFO)
    print(json.dumps({"ms_per_message": asyncio.run(cost(sys.argv[1]))}))  # noqa: T201 - the result
