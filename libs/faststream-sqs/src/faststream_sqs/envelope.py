"""What AWS services wrap around a message: SNS notifications, S3 events, EventBridge events."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import unquote_plus

EnvelopeName = Literal["sns", "s3", "eventbridge", "auto"]

JSON = "application/json"
TEST_EVENT = "s3:TestEvent"


@dataclass(frozen=True, slots=True)
class SNSNotification:
    """What SNS says about the message it delivered."""

    topic_arn: str
    message_id: str
    message: str
    subject: str | None = None
    timestamp: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class S3Record:
    """One change of one object; `key` is decoded, `size` is bytes. Deletions have no size."""

    event_name: str
    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None
    event_time: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class S3Event:
    """What S3 delivers: one record as a rule, but it promises no number."""

    records: tuple[S3Record, ...] = ()


@dataclass(frozen=True, slots=True)
class EventBridgeEvent:
    """An event of an EventBridge bus; its content is `detail`."""

    id: str
    source: str
    detail_type: str
    detail: dict[str, Any]
    account: str = ""
    region: str = ""
    time: str = ""
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What a handler gets instead of the body, and the envelope it came in; `drop` asks for no handler."""

    body: bytes
    envelope: Any
    content_type: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    drop: bool = False


class Envelope(Protocol):
    """Opens envelopes of one kind."""

    def unwrap(self, body: bytes) -> Unwrapped | None:
        """The content; None when the body is no such envelope, which then stays as it is. Never raises."""


class SNS:
    """Delivers the notification's message, its attributes as headers."""

    def unwrap(self, body: bytes) -> Unwrapped | None:
        """The message."""
        given = _object(body)
        if given.get("Type") != "Notification" or not isinstance(given.get("Message"), str):
            return None
        headers = _attributes(given.get("MessageAttributes"))
        notification = SNSNotification(
            topic_arn=_text(given.get("TopicArn")),
            message_id=_text(given.get("MessageId")),
            message=given["Message"],
            subject=given.get("Subject"),
            timestamp=given.get("Timestamp"),
            attributes=headers,
        )
        return Unwrapped(
            given["Message"].encode(), notification, headers.get("content-type"), headers=headers
        )


class S3:
    """Delivers an `S3Event`, be it from S3 itself, through SNS or through EventBridge; drops S3's test."""

    def unwrap(self, body: bytes) -> Unwrapped | None:
        """The records."""
        outer = SNS().unwrap(body)
        given = _object(outer.body if outer else body)
        if given.get("Event") == TEST_EVENT:
            return Unwrapped(body, S3Event(), drop=True)
        event = _s3_event(given)
        if event is None:
            return None
        return Unwrapped(_json(event), event, JSON, headers=outer.headers if outer else {})


class EventBridge:
    """Delivers an `EventBridgeEvent`."""

    def unwrap(self, body: bytes) -> Unwrapped | None:
        """The event."""
        event = _bridge_event(_object(body))
        return None if event is None else Unwrapped(_json(event), event, JSON)


class Auto:
    """Delivers what it recognises, through SNS too, and leaves everything else as it is."""

    def unwrap(self, body: bytes) -> Unwrapped | None:
        """The innermost content."""
        for kind in (S3(), EventBridge()):
            if content := kind.unwrap(body):
                return content
        outer = SNS().unwrap(body)
        return outer and (EventBridge().unwrap(outer.body) or outer)


_NAMED: Mapping[str, type[Envelope]] = {"sns": SNS, "s3": S3, "eventbridge": EventBridge, "auto": Auto}


def envelope_of(wanted: Envelope | EnvelopeName | None) -> Envelope | None:
    """The envelope itself, or the one a name stands for; raises ValueError for any other name."""
    if not isinstance(wanted, str):
        return wanted
    if wanted not in _NAMED:
        raise ValueError(f"there is no envelope {wanted!r}, only {sorted(_NAMED)} and your own")
    return _NAMED[wanted]()


def _s3_event(given: Mapping[str, Any]) -> S3Event | None:
    records = given.get("Records")
    try:
        if isinstance(records, list) and records:
            return S3Event(tuple(map(_s3_record, records)))
        if given.get("source") == "aws.s3":
            return S3Event((_bridged_record(given),))
    except (KeyError, TypeError, AttributeError):
        return None  # not what S3 sends: the handler's model will say so
    return None


def _s3_record(record: Mapping[str, Any]) -> S3Record:
    thing = record["s3"]["object"]
    return S3Record(
        event_name=record["eventName"],
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(thing["key"]),  # form-encoded: "a b" arrives as "a+b"
        size=thing.get("size"),
        etag=thing.get("eTag"),
        version_id=thing.get("versionId"),
        sequencer=thing.get("sequencer"),
        event_time=record.get("eventTime"),
        region=record.get("awsRegion"),
    )


def _bridged_record(event: Mapping[str, Any]) -> S3Record:
    detail = event["detail"]
    thing = detail["object"]
    return S3Record(
        event_name=event["detail-type"],
        bucket=detail["bucket"]["name"],
        key=thing["key"],  # EventBridge does not encode keys
        size=thing.get("size"),
        etag=thing.get("etag"),
        version_id=thing.get("version-id"),
        sequencer=thing.get("sequencer"),
        event_time=event.get("time"),
        region=event.get("region"),
    )


def _bridge_event(given: Mapping[str, Any]) -> EventBridgeEvent | None:
    detail = given.get("detail")
    if not isinstance(detail, dict) or not {"detail-type", "source", "id"} <= given.keys():
        return None
    return EventBridgeEvent(
        id=_text(given["id"]),
        source=_text(given["source"]),
        detail_type=_text(given["detail-type"]),
        detail=detail,
        account=_text(given.get("account")),
        region=_text(given.get("region")),
        time=_text(given.get("time")),
        resources=tuple(map(str, given.get("resources") or ())),
    )


def _attributes(given: Any) -> dict[str, str]:
    named = given if isinstance(given, dict) else {}
    return {
        name: _text(one["Value"]) for name, one in named.items() if isinstance(one, dict) and "Value" in one
    }


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _json(event: Any) -> bytes:
    return json.dumps(asdict(event)).encode()


def _text(value: Any) -> str:
    return "" if value is None else str(value)
