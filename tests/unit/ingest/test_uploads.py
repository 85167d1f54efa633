"""What messages on the ingest queue mean."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from common.errors import Permanent
from common.events import CallUploaded
from common.model import CallMetadata, ObjectRef
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest.uploads import read

CONTRACTS = Path(__file__).parents[3] / "libs/common/contracts"
ETAG = "112941a6c0ac46fce8817cfcf013b074"
KEY = "acme/support/call 42+1.wav"
REF = ObjectRef(bucket="callstream-audio", key=KEY, etag=ETAG)


def golden(name: str) -> Any:
    return json.loads((CONTRACTS / f"{name}.json").read_text())


def record(key: str, **more: Any) -> dict[str, Any]:
    found = {"key": key, "size": 1, "eTag": "e1"} | more.pop("object", {})
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "audio-bucket"}, "object": found},
    } | more


def in_sns(inner: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": "arn:aws:sns:eu-central-1:1:t",
        "Message": json.dumps(inner),
    }


def keys(body: object) -> list[str]:
    return [upload.recording.key for upload in read(body, "default") if upload.recording]


def refusal(body: object) -> str:
    with pytest.raises(Permanent) as caught:
        read(body, "default")
    return caught.value.reason


def test_our_own_event_is_taken_as_it_is() -> None:
    """call.uploaded.v1 keeps its tenant, call id, recording and metadata."""
    expected = CallUploaded.model_validate(golden("call.uploaded.v1"))

    assert (expected,) == read(golden("call.uploaded.v1"), "default")
    assert ("acme", "c-42") == (expected.tenant_id, expected.call_id)


def test_an_event_may_come_in_a_cloudevents_envelope() -> None:
    """The data is our event, the envelope's time its time."""
    (upload,) = read(golden("call.uploaded.v1.cloudevents"), "default")

    assert ("acme", "c-42", "Anna") == (upload.tenant_id, upload.call_id, upload.metadata.agent)
    assert upload.uploaded_at is not None
    assert "2026-11-22T10:00:00+00:00" == upload.uploaded_at.isoformat()


def test_cloudevents_data_may_be_base64() -> None:
    """data_base64 is the JSON of our event."""
    data = base64.b64encode(json.dumps({"recording": {"bucket": "audio", "key": "a.wav"}}).encode())
    body = {"specversion": "1.0", "type": "call.uploaded.v1", "data_base64": data.decode()}

    assert ["a.wav"] == keys(body)


def test_the_predecessors_message_is_a_call_of_the_default_tenant() -> None:
    """Its call id is kept and its naive timestamp is UTC."""
    (upload,) = read(golden("call.uploaded.v1.predecessor"), "home")

    assert ("home", "7f9c24e8-3b12-4fef-91e0-5ad6f3a7c0de") == (upload.tenant_id, upload.call_id)
    assert ObjectRef(bucket="callstream-audio", key=KEY) == upload.recording
    assert upload.uploaded_at is not None
    assert upload.uploaded_at.utcoffset() is not None


@pytest.mark.parametrize("shape", ["s3", "eventbridge"])
def test_an_object_notification_names_the_object(shape: str) -> None:
    """S3's key is URL-encoded, EventBridge's is not; both are one object with its ETag and no tenant."""
    (upload,) = read(golden(f"call.uploaded.v1.{shape}"), "default")

    assert (REF, None, None) == (upload.recording, upload.tenant_id, upload.call_id)


@pytest.mark.parametrize("shape", ["s3", "eventbridge", "cloudevents", "predecessor"])
def test_sns_may_be_around_any_of_them(shape: str) -> None:
    """SNS wraps the message as a string; so does a topic subscribed to a topic."""
    inner = golden(f"call.uploaded.v1.{shape}")

    assert read(inner, "default") == read(in_sns(in_sns(inner)), "default")


def test_envelopes_are_not_unwrapped_for_ever() -> None:
    """A fourth SNS envelope is refused."""
    assert "invalid_message" == refusal(in_sns(in_sns(in_sns(in_sns(golden("call.uploaded.v1.s3"))))))


def test_every_record_is_an_upload_of_its_own() -> None:
    """Several Records in one notification are all taken."""
    assert ["a.wav", "b c.wav"] == keys({"Records": [record("a.wav"), record("b+c.wav")]})


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("a+b.wav", "a b.wav"),
        ("a%2Bb.wav", "a+b.wav"),
        ("sales%2F2026%2Fx.mp3", "sales/2026/x.mp3"),
        ("%C3%A1rv%C3%ADz.wav", "árvíz.wav"),
    ],
)
def test_a_notifications_key_is_decoded(encoded: str, key: str) -> None:
    """Plus is a space and %XX a byte of UTF-8."""
    assert [key] == keys({"Records": [record(encoded)]})


def test_a_version_identifies_but_the_word_null_does_not() -> None:
    """A bucket whose versioning is suspended says versionId null in words."""
    versioned, suspended = record("a", object={"versionId": "v7"}), record("b", object={"versionId": "null"})
    uploads = read({"Records": [versioned, suspended]}, "default")

    assert ["v7", None] == [upload.recording.version for upload in uploads if upload.recording]


@pytest.mark.parametrize(
    "body",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "audio-bucket"},
        in_sns({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "audio-bucket"}),
        {"Records": []},
        {"Records": [record("a.wav", eventName="ObjectRemoved:Delete")]},
        {"Records": [record("a.wav.json")]},
        {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}},
    ],
    ids=["test event", "test event in SNS", "no records", "removed", "sidecar", "deleted"],
)
def test_what_is_no_upload_is_let_go(body: object) -> None:
    """S3's test, deletions and sidecars are no calls and no errors."""
    assert () == read(body, "default")


def test_json_under_transcripts_is_a_transcript() -> None:
    """A transcript made elsewhere enters by its own object."""
    (upload,) = read({"Records": [record("transcripts/c-7.json")]}, "default")

    assert upload.recording is None
    assert ObjectRef(bucket="audio-bucket", key="transcripts/c-7.json", etag="e1") == upload.transcript


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "not json",
        b"\xff",
        {"type": "call.uploaded.v1"},
        {"type": "call.uploaded.v2", "recording": {"bucket": "audio", "key": "a"}},
        {"type": "call.uploaded.v1", "recording": {"bucket": "audio", "key": ""}},
        {"type": "call.uploaded.v1", "specversion": "2.0", "data": {}},
        {"type": "call.uploaded.v1", "specversion": "1.0"},
        {"type": "call.uploaded.v1", "specversion": "1.0", "data_base64": "%"},
        {"type": "call.uploaded.v1", "tenant_id": "../x", "recording": {"bucket": "audio", "key": "a"}},
        {"Records": [record("a.wav", eventVersion="3.0")]},
        {"Records": [record("a.wav", eventSource="aws:sqs")]},
        {"Records": [record("%ff.wav")]},
        {"Records": [{}]},
        {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.test/"},
        in_sns("text"),
    ],
)
def test_nonsense_is_refused_with_a_reason(body: object) -> None:
    """Whatever is not understood is an invalid message."""
    assert "invalid_message" == refusal(body)


def test_a_newer_minor_version_and_unknown_fields_are_understood() -> None:
    """Within a major version things are only added."""
    later = record("a.wav", eventVersion="2.99", intelligence={"x": 1})

    assert ["a.wav"] == keys({"Records": [later], "more": True})


def test_an_unknown_metadata_field_does_not_matter() -> None:
    """Fields from the future are ignored."""
    event = golden("call.uploaded.v1") | {"mood": "sunny", "metadata": {"agent": "Anna", "hat": "red"}}
    (upload,) = read(event, "default")

    assert CallMetadata(agent="Anna") == upload.metadata


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
SHAPES = st.sampled_from(
    [
        "call.uploaded.v1",
        *(f"call.uploaded.v1.{s}" for s in ("s3", "eventbridge", "cloudevents", "predecessor")),
    ]
)


def spoilt(body: Any, path: list[int], value: Any) -> Any:
    """The same JSON with one thing in it replaced."""
    if not path or not isinstance(body, dict | list) or not body:
        return value
    if isinstance(body, list):
        at = path[0] % len(body)
        return [spoilt(item, path[1:], value) if n == at else item for n, item in enumerate(body)]
    name = list(body)[path[0] % len(body)]
    return body | {name: spoilt(body[name], path[1:], value)}


@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(SHAPES, st.lists(st.integers(0, 20), max_size=6), JSON)
def test_a_spoilt_notice_is_understood_or_refused(shape: str, path: list[int], value: Any) -> None:
    """No content whatever raises anything but Permanent."""
    assert outcome(spoilt(golden(shape), path, value)) in {"understood", "invalid_message"}


def outcome(body: object) -> str:
    try:
        uploads = read(body, "default")
    except Permanent as error:
        return error.reason
    return "understood" if all(upload.recording or upload.transcript for upload in uploads) else "empty"
