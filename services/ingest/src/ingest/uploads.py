"""Notices of uploads, in every shape that upstream systems send, read as ``CallUploaded``."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import unquote_plus

from common.errors import Permanent
from common.events import CallUploaded
from common.model import ObjectRef
from pydantic import ValidationError

DEEPEST = 3  # envelopes around envelopes: SNS around SNS around S3 is not known to occur
TRANSCRIPTS = "transcripts/"

Notice = Mapping[str, Any]
Uploads = tuple[CallUploaded, ...]


def read(body: object, default_tenant: str) -> Uploads:
    """Every upload a message tells of; none where it is a test or tells of something else that is harmless.

    Raises:
        Permanent: ``invalid_message``.
    """
    try:
        return _read(body, default_tenant, DEEPEST)
    except (ValidationError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise _invalid("it lacks something or holds a wrong value") from None


def _read(body: object, tenant: str, depth: int) -> Uploads:
    notice = _mapping(body)
    match notice:
        case {"Type": "Notification", "Message": str(inner)} if depth > 0:
            return _read(inner, tenant, depth - 1)
        case {"type": "call.uploaded.v1"} | {"s3_bucket": _, "s3_key": _, "call_id": _}:
            return (_from_event(notice, tenant),)
    return _from_storage(notice)


def _from_event(event: Notice, tenant: str) -> CallUploaded:
    """Somebody who knows of calls says that one was uploaded."""
    if "s3_key" in event:
        return _from_predecessor(event, tenant)
    content = _content(event) if "specversion" in event else event
    upload = CallUploaded.model_validate(content)
    if upload.recording is None and upload.transcript is None:
        raise _invalid("it names neither a recording nor a transcript")
    return upload


def _from_storage(notice: Notice) -> Uploads:
    """S3 says that objects came into being."""
    match notice:
        case {"Records": [*records]}:
            return tuple(upload for record in records for upload in _from_record(record))
        case {"source": "aws.s3", "detail-type": _}:
            return _from_eventbridge(notice)
        case {"Event": "s3:TestEvent"}:
            return ()
    raise _invalid("it is no notice this service knows")


def _mapping(body: object) -> Notice:
    found = json.loads(body) if isinstance(body, str | bytes) else body
    if not isinstance(found, Mapping):
        raise _invalid("it is not a JSON object")
    return found


def _content(envelope: Notice) -> Notice:
    """What a CloudEvents envelope holds."""
    if not str(envelope["specversion"]).startswith("1."):
        raise _invalid("only CloudEvents 1.x is understood")
    data = envelope["data"] if "data" in envelope else _decoded(envelope["data_base64"])
    return {"uploaded_at": envelope.get("time"), **_mapping(data), "type": "call.uploaded.v1"}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _invalid("its data_base64 is not base64") from None


def _from_predecessor(message: Notice, tenant: str) -> CallUploaded:
    upload = CallUploaded.model_validate(
        {
            "tenant_id": tenant,
            "call_id": message["call_id"],
            "recording": {"bucket": message["s3_bucket"], "key": message["s3_key"]},
            "uploaded_at": message.get("timestamp"),
        }
    )
    at = upload.uploaded_at
    return (
        upload
        if at is None or at.tzinfo
        else upload.model_copy(update={"uploaded_at": at.replace(tzinfo=UTC)})
    )


def _from_record(record: Notice) -> Uploads:
    if record["eventSource"] != "aws:s3" or not str(record["eventVersion"]).startswith("2."):
        raise _invalid("only S3 notifications with an eventVersion of 2.x are understood")
    if "ObjectCreated:" not in record["eventName"]:
        return ()
    found = record["s3"]["object"]
    ref = ObjectRef(
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(found["key"], errors="strict"),  # spaces arrive as "+", everything else as %XX
        version=_version(found.get("versionId")),
        etag=_etag(found.get("eTag")),
    )
    return _of_object(ref, record.get("eventTime"))


def _from_eventbridge(event: Notice) -> Uploads:
    if event["detail-type"] != "Object Created":
        return ()
    found = event["detail"]["object"]
    ref = ObjectRef(
        bucket=event["detail"]["bucket"]["name"],
        key=found["key"],  # unlike in a notification, as it is
        version=_version(found.get("version-id")),
        etag=_etag(found.get("etag")),
    )
    return _of_object(ref, event.get("time"))


def _of_object(ref: ObjectRef, at: Any) -> Uploads:
    """JSON is a transcript under ``transcripts/``; elsewhere it is a sidecar, read with its recording."""
    if not ref.key.endswith(".json"):
        return (CallUploaded.model_validate({"recording": ref, "uploaded_at": at}),)
    if ref.key.startswith(TRANSCRIPTS):
        return (CallUploaded.model_validate({"transcript": ref, "uploaded_at": at}),)
    return ()


def _version(text: str | None) -> str | None:
    return None if text in {None, "", "null"} else text


def _etag(text: str | None) -> str | None:
    return text.strip('"') or None if text else None


def _invalid(why: str) -> Permanent:
    return Permanent(
        f"this message is not understood: {why}; send call.uploaded.v1, a CloudEvents 1.0 envelope of it,"
        " or an S3, EventBridge or SNS notification",
        reason="invalid_message",
    )
