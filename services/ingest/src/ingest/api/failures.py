"""Every error as a problem, telling the client what helps and nothing of our insides."""

import math
from collections.abc import Mapping
from typing import Any

from common.errors import Permanent, Transient
from common.logging import get_logger
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ingest.api.faults import faults
from ingest.api.names import in_body
from ingest.page.headers import safety
from ingest.problems import Problem

PATIENCE = 5.0  # seconds after which a client may try again, where nothing says otherwise

log = get_logger("callstream.api")


def explain_failures(app: FastAPI) -> None:
    """Answer each kind of failure with its problem."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(Transient, _unavailable)
    app.add_exception_handler(Permanent, _impossible)
    app.add_exception_handler(Exception, _broken)


async def _told(_request: Request, error: Any) -> Response:
    problem: Problem = error
    return problem.response()


async def _refused(_request: Request, error: Any) -> Response:
    headers: Mapping[str, str] | None = error.headers
    return Problem(error.status_code, str(error.detail), headers=headers).response()


async def _misunderstood(request: Request, error: Any) -> Response:
    wrong = faults(error.errors(), in_body(request))
    return Problem(422, "Some of the request cannot be understood.", errors=wrong).response()


async def _unavailable(_request: Request, error: Any) -> Response:
    return unavailable(error).response()


async def _impossible(_request: Request, error: Any) -> Response:
    return impossible(error).response()


async def _broken(request: Request, error: Any) -> Response:
    answer = broken(error).response()  # sent from outside all that would add the headers
    answer.headers.update(safety(request.scope))
    return answer


def told_of(error: Exception) -> Problem:
    """Any failure as a problem, for an answer that has begun already."""
    match error:
        case Problem():
            return error
        case Transient():
            return unavailable(error)
        case Permanent():
            return impossible(error)
        case _:
            return broken(error)


def unavailable(error: Transient) -> Problem:
    """Later it may be there."""
    log.warning("request.unavailable", reason=error.reason, error=str(error))
    wait = math.ceil(error.retry_after or PATIENCE)
    return Problem(
        503,
        "Something this needs does not answer; nothing is lost, try the same request again.",
        headers={"Retry-After": str(wait)},
        reason=error.reason,
        retry_after=wait,
    )


def impossible(error: Permanent) -> Problem:
    """No second attempt helps."""
    log.error("request.impossible", reason=error.reason, error=str(error))
    return Problem(500, "This cannot be done; whoever runs this service finds the reason in its log.")


def broken(error: Exception) -> Problem:
    """A bug."""
    log.error("request.broken", error=type(error).__name__)
    return Problem(500, "This is a fault of ours; it is logged.")
