"""Paid work by several tasks: what is under way when one fails is done to its end, for it is paid for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import takewhile
from typing import TypeVar

from common.errors import PipelineError

T = TypeVar("T")


async def for_each(items: Iterable[T], do: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """Do all, *at_once* at a time; after a failure none is begun.

    Raises:
        PipelineError: the first failure, once all that had begun has ended.
    """
    waiting = iter(items)
    failures: list[PipelineError] = []

    async def work() -> None:
        for item in takewhile(lambda _: not failures, waiting):
            try:
                await do(item)
            except PipelineError as failure:
                failures.append(failure)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    for failure in failures:
        raise failure
