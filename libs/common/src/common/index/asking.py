"""The search client's exceptions, translated where they occur; nothing of a request enters ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from opensearchpy.exceptions import (
    ConflictError,
    NotFoundError,
    OpenSearchException,
    RequestError,
    TransportError,
)
from opensearchpy.exceptions import ConnectionError as ConnectionFailed

from common.errors import Permanent, PipelineError, Transient

REFUSED: Final = frozenset({400, 413})
"""What is refused once is refused always."""

PREPARE: Final = "run pipelinectl bootstrap, or start the embedder anew"


class Missing(Transient):
    """There is no such index (any more): the message waits until somebody has made it."""

    default_reason = "index_missing"


class Conflict(PipelineError):
    """Somebody else has written the document meanwhile."""


@asynccontextmanager
async def asking(what: str) -> AsyncIterator[None]:
    """Raise our errors for the client's.

    Raises:
        Conflict: somebody has changed the document meanwhile.
        Missing: there is no such index.
        Permanent: the server refuses (``index_refused``), or lacks the pipeline (``index_unfit``).
        Transient: it is down, busy or slow, or does not let us in.
    """
    try:
        yield
    except ConnectionFailed as error:
        raise Transient(f"{what}: the search server cannot be reached", reason="index_unavailable") from error
    except TransportError as error:
        raise _ours(what, error) from error
    except OpenSearchException as error:
        raise Transient(f"{what}: {type(error).__name__}", reason="index_unavailable") from error


def _ours(what: str, error: TransportError) -> PipelineError:
    match error:
        case NotFoundError():
            return _absent(what, error)
        case ConflictError():
            return Conflict(what)
        case RequestError():
            return _refused(what, error)
        case _:
            return failure(what, error.status_code)


def failure(what: str, status: int | str) -> PipelineError:
    """Ours for a status of theirs."""
    if status in REFUSED:
        return Permanent(f"{what}: refused with status {status}", reason="index_refused")
    return Transient(f"{what}: status {status}", reason="index_unavailable")


def _absent(what: str, error: NotFoundError) -> PipelineError:
    if error.error == "index_not_found_exception":
        return Missing(f"{what}: there is no such index; {PREPARE}")
    return Permanent(f"{what}: {error.error}", reason="index_refused")


def _refused(what: str, error: RequestError) -> PipelineError:
    if "is not defined" in str(error.info) and "ipeline" in str(error.info):
        return Permanent(f"{what}: the search pipeline is missing; {PREPARE}", reason="index_unfit")
    return Permanent(f"{what}: {error.error}", reason="index_refused")
