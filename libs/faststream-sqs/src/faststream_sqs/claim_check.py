"""Large messages through S3, in the format of AWS's extended clients: the queue holds a pointer."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from .engine.client import MAX_BYTES
from .exceptions import ClaimCheckError, ClaimCheckUnavailableError

POINTER_CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer"
LEGACY_CLASS = "com.amazon.sqs.javamessaging.MessageS3Pointer"
SIZE = "ExtendedPayloadSize"
LEGACY_SIZE = "SQSLargePayloadSize"
HEADROOM = 16 * 1024  # bytes left for attributes that tracers and middlewares may add
MAX_PAYLOAD = 64 * 1024 * 1024  # bytes read of one object: a handler holds it in memory

_MISSING = {"NoSuchKey", "404", "NoSuchBucket", "NotFound"}
_SERVER_ERROR = 500  # HTTP status from which on the fault is the server's


class S3ClientProto(Protocol):
    """The calls made of an S3 client; aiobotocore's has them."""

    async def put_object(self, **request: Any) -> Mapping[str, Any]:
        """PutObject."""

    async def get_object(self, **request: Any) -> Mapping[str, Any]:
        """GetObject; the answer's `Body` is read with `await body.read(amount)` until that brings nothing."""

    async def delete_object(self, **request: Any) -> Mapping[str, Any]:
        """DeleteObject."""


S3ClientFactory = Callable[[], AbstractAsyncContextManager[S3ClientProto]]


@dataclass(frozen=True, kw_only=True)
class S3ClaimCheck:
    """Where large bodies go, and from where they may come; sizes are bytes.

    A pointer is read from `bucket` and `allowed_buckets` only: whoever may write to a queue does not
    choose what this process reads. Objects stay unless `delete_after_ack` is set, because a copy in a
    dead-letter queue, or another subscriber of an SNS topic, may still point at them.
    """

    bucket: str
    prefix: str = ""
    threshold: int = MAX_BYTES - HEADROOM
    allowed_buckets: frozenset[str] = frozenset()
    delete_after_ack: bool = False
    max_payload: int = MAX_PAYLOAD
    endpoint_url: str | None = None
    client_factory: S3ClientFactory | None = None
    make_key: Callable[[], str] = field(default=lambda: str(uuid4()), repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= MAX_BYTES:
            raise ValueError(f"threshold must be 0 to {MAX_BYTES} bytes, not {self.threshold}")

    def may_read(self, bucket: str) -> bool:
        """Whether a pointer into this bucket is followed."""
        return bucket == self.bucket or bucket in self.allowed_buckets


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a body lies."""

    bucket: str
    key: str

    def to_body(self) -> str:
        """As the extended clients write it."""
        place = {"s3BucketName": self.bucket, "s3Key": self.key}
        return json.dumps([POINTER_CLASS, place], separators=(",", ":"))


def pointer_in(message: Mapping[str, Any]) -> Pointer | None:
    """The pointer a received message consists of; None when it carries its body itself.

    Raises ClaimCheckError when the message says it is a pointer and is none.
    """
    if not {SIZE, LEGACY_SIZE} & (message.get("MessageAttributes") or {}).keys():
        return None
    try:
        kind, place = json.loads(message.get("Body", ""))
        if kind in {POINTER_CLASS, LEGACY_CLASS}:
            return Pointer(str(place["s3BucketName"]), str(place["s3Key"]))
    except (ValueError, TypeError, KeyError) as error:
        raise ClaimCheckError("the message claims to be a pointer to S3, its body is none") from error
    raise ClaimCheckError("the message points to a store this client does not know")


class ClaimChecks:
    """Stores and fetches bodies while connected."""

    def __init__(self, settings: S3ClaimCheck, client: S3ClientProto) -> None:
        self.settings, self._client = settings, client

    @classmethod
    @asynccontextmanager
    async def connected(
        cls, settings: S3ClaimCheck, default: S3ClientFactory
    ) -> AsyncIterator["ClaimChecks"]:
        """With its own client, or the default one."""
        async with AsyncExitStack() as stack:
            factory = settings.client_factory or default
            yield cls(settings, await stack.enter_async_context(factory()))

    async def store(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The entry with its body in S3 and a pointer in its place."""
        body = str(entry["MessageBody"]).encode()
        pointer = Pointer(self.settings.bucket, self.settings.prefix + self.settings.make_key())
        with _translated("put", pointer):
            await self._client.put_object(Bucket=pointer.bucket, Key=pointer.key, Body=body)
        size = {SIZE: {"DataType": "Number", "StringValue": str(len(body))}}
        attributes = {**entry["MessageAttributes"], **size}
        return {**entry, "MessageBody": pointer.to_body(), "MessageAttributes": attributes}

    async def fetch(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message with its body back in place; the same one when it needs no fetching."""
        pointer = pointer_in(message)
        if pointer is None:
            return message
        if not self.settings.may_read(pointer.bucket):
            raise ClaimCheckError(
                f"a message points into bucket {pointer.bucket!r}, which is not among the allowed: "
                "name it in S3ClaimCheck(allowed_buckets=...) if its senders are trusted"
            )
        return {**message, "Body": await self._read(pointer)}

    async def delete(self, message: Mapping[str, Any]) -> None:
        """Delete what the message points at, if it points at anything that may be touched."""
        pointer = pointer_in(message)
        if pointer and self.settings.may_read(pointer.bucket):
            with _translated("delete", pointer):
                await self._client.delete_object(Bucket=pointer.bucket, Key=pointer.key)

    async def _read(self, pointer: Pointer) -> str:
        limit = self.settings.max_payload
        with _translated("get", pointer):
            answer = await self._client.get_object(Bucket=pointer.bucket, Key=pointer.key)
            if int(answer.get("ContentLength") or 0) > limit:
                raise ClaimCheckError(_too_large(limit))
            async with AsyncExitStack() as stack:
                body = answer["Body"]
                if hasattr(body, "__aexit__"):
                    await stack.enter_async_context(body)
                content = await _read(body, limit + 1)
        if len(content) > limit:
            raise ClaimCheckError(_too_large(limit))
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise ClaimCheckError("the object a message points at is not text") from error


async def _read(body: Any, limit: int) -> bytes:
    # One read may bring less than is there.
    content = bytearray()
    while len(content) < limit and (part := await body.read(limit - len(content))):
        content += part
    return bytes(content)


def _too_large(limit: int) -> str:
    return f"a message's body in S3 exceeds {limit} bytes: raise S3ClaimCheck(max_payload=...) if it may"


@contextmanager
def _translated(action: str, pointer: Pointer) -> Iterator[None]:
    text = f"S3 {action} in bucket {pointer.bucket!r}"
    try:
        yield
    except ClientError as error:
        raise _error_of(error, text) from error
    except (HTTPClientError, OSError, TimeoutError) as error:
        raise ClaimCheckUnavailableError(f"{text}: no answer ({type(error).__name__})") from error
    except BotoCoreError as error:
        raise ClaimCheckError(f"{text}: {type(error).__name__}") from error


def _error_of(error: ClientError, text: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= _SERVER_ERROR or code in {"SlowDown", "Throttling", "RequestTimeout"}:
        return ClaimCheckUnavailableError(f"{text}: {code}")
    if code in _MISSING:
        return ClaimCheckError(f"{text}: the object is gone ({code})")
    return ClaimCheckUnavailableError(f"{text}: {code}")  # rights and the like: an operator mends them
