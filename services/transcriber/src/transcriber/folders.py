"""Temporary folders: removed when done with, and swept up at the next start where a worker died."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

_PREFIX = "transcriber-"


@asynccontextmanager
async def fresh_folder() -> AsyncIterator[Path]:
    """A folder of our own, removed with everything in it whatever happens."""
    folder = Path(await asyncio.to_thread(mkdtemp, prefix=_PREFIX))
    try:
        with _locked(folder):
            yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder))


def sweep() -> list[Path]:
    """Remove what workers that were killed have left behind; return which folders that were."""
    swept = [folder for folder in Path(gettempdir()).glob(f"{_PREFIX}*") if _is_left_behind(folder)]
    for folder in swept:
        shutil.rmtree(folder, ignore_errors=True)
    return swept


def _is_left_behind(folder: Path) -> bool:
    """Nobody holds its lock; an empty one may belong to somebody who is about to."""
    try:
        with _locked(folder):
            return any(folder.iterdir())
    except OSError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The lock ends with its process, however that ends; in the next container its id means nothing."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
