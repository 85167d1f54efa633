"""A large file from the web, which goes on where it stopped."""

from collections.abc import Callable
from pathlib import Path

import httpx

from onebox.llm.published import LlmError

Progress = Callable[[int], None]
"""Told how many bytes are there."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds


class UnreachableError(Exception):
    """Nothing came from there."""


def download(url: str, part: Path, size: int, progress: Progress) -> None:
    """Write what *url* serves into *part*, behind what of it is there already.

    Raises:
        UnreachableError: it cannot be reached, or does not serve the file.
        LlmError: it ended before all of *size* bytes had come; what came is kept.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    there = part.stat().st_size if part.exists() else 0
    if there < size:
        there = _fetched(url, part, there, progress)
    if there < size:
        raise LlmError(
            f"The download broke off after {there} of {size} bytes. Run it again: it goes on from there."
        )


def _fetched(url: str, part: Path, there: int, progress: Progress) -> int:
    """How many bytes are there in the end."""
    headers = {"Range": f"bytes={there}-"} if there else {}
    try:
        with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            return _written(answer, part, progress)
    except httpx.HTTPStatusError as error:
        raise UnreachableError(f"status {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if part.exists() and part.stat().st_size > there:
            return part.stat().st_size
        raise UnreachableError(type(error).__name__) from error


def _written(answer: httpx.Response, part: Path, progress: Progress) -> int:
    partial = answer.status_code == httpx.codes.PARTIAL_CONTENT
    with part.open("ab" if partial else "wb") as file:  # who ignores a range begins anew
        for chunk in answer.iter_bytes():
            file.write(chunk)
            progress(file.tell())
        return file.tell()
