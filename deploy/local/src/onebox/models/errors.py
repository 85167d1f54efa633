"""Refusals, in the shape OpenAI's clients read."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """The request cannot be served as it stands."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str = "invalid_value", status: int = 400
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status


def error_response(error: ApiError) -> web.Response:
    """The refusal as OpenAI's clients read it."""
    kind = (
        "invalid_request_error" if error.status < web.HTTPInternalServerError.status_code else "server_error"
    )
    body = {"message": error.message, "type": kind, "code": error.code, "param": error.param}
    return web.json_response({"error": body}, status=error.status)


@web.middleware
async def openai_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure of a handler into that shape."""
    try:
        return await handler(request)
    except ApiError as refusal:
        return error_response(refusal)
    except web.HTTPException as refusal:
        return error_response(ApiError(refusal.reason, code="http_error", status=refusal.status))
    except Exception:  # noqa: BLE001 - the edge of the process: log the trace, answer in the client's shape
        _log.exception("request failed: %s %s", request.method, request.path)
        return error_response(ApiError("The local model server failed.", code="internal_error", status=500))
