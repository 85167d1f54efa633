"""Answers as rows of CSV, for those who would rather have a sheet."""

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal

from fastapi import Depends, Header, Query
from fastapi.responses import StreamingResponse

from ingest.negotiation import preferred
from ingest.problems import Problem

BLOCK: Final = 64 * 1024  # characters, about; what is sent at once

Sheet = Literal["json", "csv"]

_MEDIA_TYPES: Final[dict[str, Sheet]] = {"application/json": "json", "text/csv": "csv"}


async def chosen(
    format: Annotated[Sheet | None, Query(description="Takes precedence over ``Accept``")] = None,  # noqa: A002 - the parameter's name on the wire
    accept: Annotated[str | None, Header()] = None,
) -> Sheet:
    """What the client would rather have.

    Raises:
        Problem: 406, it takes neither.
    """
    if format:
        return format
    media_type = preferred(accept, tuple(_MEDIA_TYPES))
    if media_type is None:
        raise Problem(406, "This can be had as application/json or text/csv; or say format=csv.")
    return _MEDIA_TYPES[media_type]


TheSheet = Annotated[Sheet, Depends(chosen)]


async def sheet(name: str, rows: AsyncIterator[str]) -> StreamingResponse:
    """A CSV file; its first block is read before anything is sent, so that a failure is a problem still."""
    blocks = _blocks(rows)
    first = await anext(blocks, b"")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
    content_type = "text/csv; charset=utf-8; header=present"
    return StreamingResponse(_behind(first, blocks), headers=headers, media_type=content_type)


async def _blocks(rows: AsyncIterator[str]) -> AsyncIterator[bytes]:
    block: list[str] = []
    size = 0
    async for row in rows:
        block.append(row)
        size += len(row)
        if size >= BLOCK:
            yield "".join(block).encode()
            block, size = [], 0
    if block:
        yield "".join(block).encode()


async def _behind(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for block in rest:
        yield block
