"""The SDK's exceptions, as it raises them for what a provider answers or fails to."""

import httpx2
import openai

REQUEST = httpx2.Request("POST", "http://provider.invalid/v1/chat/completions")


def refusal(status: int, *, after: str | None = None, code: str | None = None) -> openai.APIStatusError:
    """The SDK's error for an answer."""
    headers = {} if after is None else {"retry-after": after}
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    kinds: dict[int, type[openai.APIStatusError]] = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        429: openai.RateLimitError,
        500: openai.InternalServerError,
    }
    kind = kinds.get(status, openai.APIStatusError)
    return kind("the words of the request", response=response, body={"code": code})


def broken(cause: Exception) -> openai.APIConnectionError:
    """The SDK's error for a connection that failed."""
    timeout = isinstance(cause, httpx2.TimeoutException)
    error = openai.APITimeoutError(REQUEST) if timeout else openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error
