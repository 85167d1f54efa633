"""What a handler asks of the context costs no thread."""

from collections.abc import Callable
from typing import Annotated, Any

import anyio.to_thread
import pytest
from fast_depends import Provider
from fast_depends.core import CallModel, build_call_model
from fast_depends.pydantic import PydanticSerializer
from faststream import Context, ContextRepo, Depends, Logger
from faststream_sqs import SQSBroker, SQSMessage, TestSQSBroker
from faststream_sqs.inline import read_inline, straight_call
from pydantic import ValidationError


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


async def plain(number: int, message: SQSMessage) -> int:
    return number + message.receive_count


async def depending(number: int, other: Annotated[int, Depends(lambda: 1)]) -> int:
    return number + other


async def two(first: int, second: int) -> int:
    return first + second


async def many(*numbers: int) -> int:
    return sum(numbers)


def modelled(handler: Callable[..., Any]) -> CallModel:
    model = build_call_model(handler, dependency_provider=Provider(), serializer_cls=PydanticSerializer())
    read_inline(model)
    return model


@pytest.mark.parametrize("handler", [depending, two, many])
def test_general_calls(handler: Callable[..., Any]) -> None:
    """Dependencies and bodies spread over several arguments stay FastDepends' business."""
    assert straight_call(modelled(handler), ContextRepo()) is None


def test_straight_calls() -> None:
    """One message and the context need no FastDepends."""
    assert straight_call(modelled(plain), ContextRepo()) is not None


async def test_arguments_and_results_are_checked() -> None:
    """A handler called straight has its arguments converted and its result checked all the same."""
    broker = SQSBroker()

    @broker.subscriber("work")
    @broker.publisher("results")
    async def handle(number: int, wrong: Annotated[bool, Context("wrong", default=False)]) -> int:
        return "x" if wrong else number  # type: ignore[return-value]  # what the test is about

    async with TestSQSBroker(broker):
        await broker.publish(b"41", "work")
        with broker.context.scope("wrong", value=True), pytest.raises(ValidationError):
            await broker.publish(b"41", "work")

        handle.mock.assert_called_with(41)
