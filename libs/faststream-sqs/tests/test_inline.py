"""What a handler asks of the context costs no thread."""

from collections.abc import Callable
from typing import Annotated, Any

import anyio.to_thread
import pytest
from faststream import Context, Logger
from faststream_sqs import SQSBroker, SQSMessage, TestSQSBroker


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calls that were sent into threads."""
    calls: list[Any] = []

    async def run_sync(call: Callable[..., Any], *args: Any, **_: Any) -> Any:
        calls.append(call)
        return call(*args)

    monkeypatch.setattr(anyio.to_thread, "run_sync", run_sync)
    return calls


async def test_context_arguments(threads: list[Any]) -> None:
    """Message, logger and any other value of the context are read in the event loop."""
    broker = SQSBroker()
    seen: list[Any] = []

    @broker.subscriber("work")
    async def handle(
        number: int, message: SQSMessage, logger: Logger, absent: int = Context("absent", default=7)
    ) -> None:
        seen.append((number, message.queue, bool(logger), absent))

    async with TestSQSBroker(broker):
        await broker.publish(1, "work")

    assert ([(1, "work", True, 7)], []) == (seen, threads)


async def test_code_of_the_users_stays_in_its_thread(threads: list[Any]) -> None:
    """A context argument made by a function of the user's may block, and keeps its thread."""
    broker = SQSBroker()

    def made() -> list[int]:
        return [1]

    @broker.subscriber("work")
    async def handle(number: int, items: Annotated[list[int], Context("items", initial=made)]) -> None:
        items.append(number)

    async with TestSQSBroker(broker):
        await broker.publish(2, "work")

    assert 1 == len(threads)
