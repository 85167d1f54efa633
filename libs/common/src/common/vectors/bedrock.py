"""What Bedrock can answer instead of a result, as one of our failures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import ClientError as BodyFailed
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from common.errors import Permanent, PipelineError, Transient
from common.providers import MAX_RETRY_AFTER, Untaken, seconds_to_wait

DENIED: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
    }
)
_OF_THE_MODEL: Final = ("on-demand throughput", "model identifier is invalid", "support the model")
"""Words by which a refusal speaks of the model rather than of the text."""

_UNTAKEN: Final = frozenset({"ServiceUnavailableException", "ModelNotReadyException"})
_DOWN: Final = frozenset({"InternalServerException", "ModelErrorException", "ModelTimeoutException"})
_BAD_REQUEST: Final = 400
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


@contextmanager
def bedrock_answers(what: str) -> Iterator[None]:
    """Translate botocore's exceptions; their texts may quote the request and stay behind."""
    try:
        yield
    except ClientError as error:
        raise _ours(what, error.response) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise _denied(what, "no credentials are found") from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise Untaken(f"{what}: {type(error).__name__}", reason="provider_unavailable") from error
    except ReadTimeoutError as error:
        raise Transient(f"{what}: no answer in time", reason="provider_unavailable") from TimeoutError(
            type(error).__name__
        )
    except (BotoCoreError, BodyFailed) as error:
        raise Transient(f"{what}: {type(error).__name__}", reason="provider_unavailable") from error


def _denied(what: str, why: str) -> Untaken:
    return Untaken(f"{what}: {why}", reason="provider_denied", retry_after=MAX_RETRY_AFTER)


def _ours(what: str, response: Mapping[str, Any]) -> PipelineError:
    code, status = response["Error"].get("Code", ""), response["ResponseMetadata"].get("HTTPStatusCode", 0)
    if code == "ServiceQuotaExceededException":
        return Untaken(
            f"{what}: the account's quota is used up", reason="provider_quota", retry_after=MAX_RETRY_AFTER
        )
    if code in DENIED or _speaks_of_the_model(response):
        # The role or the model's name is wrong, not the message: no backlog belongs in a dead-letter queue.
        return _denied(what, f"the role or the model is refused ({code})")
    return _by_status(what, code, status, _wait(response))


def _by_status(what: str, code: str, status: int, wait: float | None) -> PipelineError:
    if code in _UNTAKEN:
        return Untaken(f"{what}: {code}", reason="provider_unavailable", retry_after=wait)
    if status == _TOO_MANY or code == "ThrottlingException":
        return Untaken(f"{what}: too many requests", reason="provider_busy", retry_after=wait)
    if code in _DOWN or status >= _SERVER_ERROR or status < _BAD_REQUEST:
        return Transient(f"{what}: {code or status}", reason="provider_unavailable", retry_after=wait)
    return Permanent(f"{what}: refused ({code or status})", reason="provider_refused")


def _speaks_of_the_model(response: Mapping[str, Any]) -> bool:
    error = response["Error"]
    said = str(error.get("Message", "")).lower()
    return error.get("Code") == "ValidationException" and any(words in said for words in _OF_THE_MODEL)


def _wait(response: Mapping[str, Any]) -> float | None:
    return seconds_to_wait(response["ResponseMetadata"].get("HTTPHeaders", {}).get("retry-after", ""))
