"""The frequent requests on a bare HTTP client, for a fraction of the processor time."""

import asyncio
import base64
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from .http import BrokenOffError, Connections, Endpoint, UnreachableError, connections
from .json import dumps, loads
from .reply import Reply
from .signing import Keys, Signer

AMZ_JSON = "application/x-amz-json-1.0"
FIRST_PAUSE = 0.05  # seconds before the second attempt, at most; then twice as long
THROTTLED_PAUSE = 1.0  # seconds, likewise, when SQS asked to slow down
LONGEST_PAUSE = 20.0  # seconds between two attempts
_THROTTLED = frozenset(
    {
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "SlowDown",
        "RequestLimitExceeded",
        "KmsThrottled",
    }
)
_REPEATABLE = frozenset({500, 502, 503, 504})  # HTTP statuses

Answer = Mapping[str, Any]
Credentials = Callable[[], Awaitable[Keys]]


class UnsupportedConfigurationError(ValueError):
    """The lean transport would have to ignore a part of the configuration."""


@asynccontextmanager
async def lean_client(
    inner: Any, credentials: Credentials, ca_bundle: str | None
) -> AsyncIterator["LeanClient"]:
    """A client in front of an aiobotocore one, whose endpoint, region and timeouts it takes over."""
    meta = inner.meta
    check(meta.endpoint_url, meta.config)
    url = urlsplit(meta.endpoint_url)
    secure = url.scheme == "https"
    endpoint = Endpoint(
        str(url.hostname),
        url.port or (443 if secure else 80),
        await asyncio.to_thread(_tls, ca_bundle) if secure else None,
        connect_timeout=meta.config.connect_timeout,
        read_timeout=meta.config.read_timeout,
        connections=meta.config.max_pool_connections,
    )
    async with connections(endpoint) as kept:
        yield LeanClient(inner, kept, credentials)


def check(endpoint_url: str, config: Any) -> None:
    """Refuse what this transport cannot honour of an AioConfig, all of it in one error."""
    usual: Any = AioConfig()
    url = urlsplit(endpoint_url)
    refused = {
        "an endpoint with a path": url.path not in {"", "/"},
        "a proxy": bool(config.proxies or config.proxies_config or get_environ_proxies(endpoint_url)),
        "a FIPS endpoint": bool(config.use_fips_endpoint),
        "a dual-stack endpoint": bool(config.use_dualstack_endpoint),
        "a client certificate": bool(config.client_cert),
        f"signature version {config.signature_version!r}": config.signature_version not in {None, "v4"},
        "an HTTP session class": config.http_session_cls is not usual.http_session_cls,
        "connector arguments": config.connector_args != usual.connector_args,
        "adaptive retries": (config.retries or {}).get("mode") == "adaptive",
    }
    if found := [name for name, present in refused.items() if present]:
        raise UnsupportedConfigurationError(
            f"transport='lean' does not support {', '.join(found)}: use transport='aiobotocore'"
        )


def _tls(ca_bundle: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cast("str", get_cert_path(cast("bool", ca_bundle or True))))


class LeanClient:
    """Implements the engine's client protocol; raises what aiobotocore's client raises."""

    def __init__(self, inner: Any, kept: Connections, credentials: Credentials) -> None:
        self._inner, self._connections, self._credentials = inner, kept, credentials
        self._url = inner.meta.endpoint_url
        self._host = host_of(self._url)
        self._signer = Signer(inner.meta.region_name, self._host)
        self._agent = f"faststream-sqs lean {inner.meta.config.user_agent_extra or ''}".strip()
        self._attempts = attempts_of(inner.meta.config.retries or {})

    def __getattr__(self, name: str) -> Any:
        """Every other call is aiobotocore's."""
        return getattr(self._inner, name)

    async def receive_message(self, **request: Any) -> Answer:
        """ReceiveMessage."""
        answer = await self._call("ReceiveMessage", request)
        for message in answer.get("Messages") or ():
            for value in (message.get("MessageAttributes") or {}).values():
                if "BinaryValue" in value:
                    value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
        return answer

    async def delete_message_batch(self, **request: Any) -> Answer:
        """DeleteMessageBatch."""
        return await self._call("DeleteMessageBatch", request)

    async def change_message_visibility_batch(self, **request: Any) -> Answer:
        """ChangeMessageVisibilityBatch."""
        return await self._call("ChangeMessageVisibilityBatch", request)

    async def send_message(self, **request: Any) -> Answer:
        """SendMessage."""
        return await self._call("SendMessage", plain(request))

    async def send_message_batch(self, **request: Any) -> Answer:
        """SendMessageBatch."""
        return await self._call("SendMessageBatch", request | {"Entries": [*map(plain, request["Entries"])]})

    async def _call(self, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        body = dumps(request)
        for attempt in range(1, self._attempts):
            try:
                return await self._once(action, body)
            except (EndpointConnectionError, ConnectionClosedError, ReadTimeoutError):
                first = FIRST_PAUSE
            except ClientError as error:
                if not repeatable(error):
                    raise
                first = THROTTLED_PAUSE if code_of(error) in _THROTTLED else FIRST_PAUSE
            ceiling = min(first * 2.0 ** (attempt - 1), LONGEST_PAUSE)
            await asyncio.sleep(random.random() * ceiling)  # noqa: S311 - jitter
        return await self._once(action, body)

    async def _once(self, action: str, body: bytes) -> dict[str, Any]:
        reply = await self._post(action, body)
        if reply.status != HTTPStatus.OK:
            raise self._error(action, reply.status, reply.headers, reply.body)
        return cast("dict[str, Any]", loads(reply.body) if reply.body else {})

    async def _post(self, action: str, body: bytes) -> Reply:
        headers = {
            "content-type": AMZ_JSON,
            "x-amz-target": f"AmazonSQS.{action}",
            "x-amzn-query-mode": "true",
        }
        signed = self._signer.sign(headers, body, await self._credentials(), datetime.now(UTC))
        signed["user-agent"] = self._agent
        try:
            return await self._connections.post(self._host, signed, body)
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except UnreachableError as error:
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        except BrokenOffError as error:
            raise ConnectionClosedError(endpoint_url=self._url, request=None, error=error) from error

    def _error(self, action: str, status: int, headers: Mapping[str, str], content: bytes) -> Exception:
        detail = error_detail(status, headers, content)
        answer = {"Error": detail, "ResponseMetadata": {"HTTPStatusCode": status}}
        kind = self._inner.exceptions.from_code(detail.get("QueryErrorCode") or detail["Code"])
        return cast("Exception", kind(answer, action))


def host_of(url: str) -> str:
    """The Host header of requests to a URL: a scheme's own port is left out."""
    parts = urlsplit(url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in {None, usual} else f"{name}:{parts.port}"


def attempts_of(retries: Mapping[str, Any]) -> int:
    """How often a request is made at most; botocore counts either all attempts or only the repeated ones."""
    if "total_max_attempts" in retries:
        return int(retries["total_max_attempts"])
    return int(retries.get("max_attempts", 2)) + 1


def repeatable(error: ClientError) -> bool:
    """Whether botocore would ask again."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in _REPEATABLE or code_of(error) in _THROTTLED


def code_of(error: ClientError) -> str:
    """SQS's word for what went wrong."""
    return str(error.response["Error"]["Code"])


def error_detail(status: int, headers: Mapping[str, str], content: bytes) -> dict[str, str]:
    """An error as botocore reads it: the older protocol's name first, if the server sends one."""
    try:
        body = loads(content)
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    code = str(body.get("__type") or body.get("code") or headers.get("x-amzn-errortype") or status)
    code = code.split(":", 1)[0].rsplit("#", 1)[-1]
    text = str(body.get("message") or body.get("Message") or "")
    older, _, side = headers.get("x-amzn-query-error", "").partition(";")
    if older and side:
        return {"Code": older, "Message": text, "QueryErrorCode": code, "Type": side}
    return {"Code": code, "Message": text}


def plain(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry JSON can carry: bytes become base64."""
    attributes = entry.get("MessageAttributes")
    if not attributes or not any("BinaryValue" in value for value in attributes.values()):
        return entry
    return {**entry, "MessageAttributes": {name: _plain(value) for name, value in attributes.items()}}


def _plain(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "BinaryValue" not in value:
        return value
    return {**value, "BinaryValue": base64.b64encode(value["BinaryValue"]).decode()}
