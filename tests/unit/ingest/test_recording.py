"""What a recording must be, whose it is, and what is known of it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from common.errors import Permanent
from common.events import CallUploaded
from common.model import CallMetadata, ObjectRef
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest.metadata import in_name, merged, metadata
from ingest.recording import (
    Location,
    Probe,
    Rules,
    call_id,
    check_size,
    door_key,
    is_identified,
    key_of,
    names_its_call,
    recording,
    refusal,
    subject,
    tenant_of,
)

REF = ObjectRef(bucket="audio", key="acme/a.wav", etag="e1")
OURS = "c-0123456789abcdef0123456789abcdef"


def rules(**more: Any) -> Rules:
    settings: dict[str, Any] = {
        "home": "audio",
        "allowed": (Location("audio"),),
        "default_tenant": "default",
        "max_bytes": 100,
    }
    return Rules(**settings | more)


def upload(ref: ObjectRef = REF, **more: Any) -> CallUploaded:
    return CallUploaded(recording=ref, **more)


@pytest.mark.parametrize(
    ("ref", "allowed"),
    [
        (ObjectRef(bucket="audio", key="a.wav"), True),
        (ObjectRef(bucket="other", key="a.wav"), False),
        (ObjectRef(bucket="vendor", key="calls/a.wav"), True),
        (ObjectRef(bucket="vendor", key="secrets/a.wav"), False),
        (ObjectRef(bucket="audio", key="a/../b.wav"), False),
        (ObjectRef(bucket="audio", key="a\x00.wav"), False),
        (ObjectRef(bucket="audio", key="a\n.wav"), False),
        (ObjectRef(bucket="audio", key="a..wav"), True),
    ],
)
def test_only_allowed_places_are_opened(ref: ObjectRef, *, allowed: bool) -> None:
    """A bucket or a prefix is on the list, and the key plays no tricks."""
    refused = refusal(ref, (Location.parse("audio"), Location.parse("vendor/calls/")))

    assert allowed is (refused is None)
    assert refused is None or refused.reason == "forbidden_location"


def test_the_tenant_is_the_events_then_the_patterns_then_the_default() -> None:
    """An event that names its tenant is believed before the key."""
    by_key = rules(tenant_pattern=re.compile(r"^(?P<tenant>[^/]+)/"))
    bare = ObjectRef(bucket="audio", key="a.wav", etag="e1")

    assert "globex" == tenant_of(upload(tenant_id="globex"), REF, by_key)
    assert "acme" == tenant_of(upload(), REF, by_key)
    assert "default" == tenant_of(upload(), bare, by_key)
    assert "default" == tenant_of(upload(), REF, rules())


def test_a_tenant_that_is_none_is_refused() -> None:
    """A pattern that finds nonsense never lands a call with somebody else."""
    strange = ObjectRef(bucket="audio", key="a b/a.wav", etag="e1")

    with pytest.raises(Permanent) as caught:
        key_of(upload(strange), strange, rules(tenant_pattern=re.compile(r"^(?P<tenant>[^/]+)/")))

    assert "invalid_tenant" == caught.value.reason


def test_the_call_id_is_that_of_tenant_bucket_key_and_version() -> None:
    """The same object is the same call; another version, ETag, key, bucket or tenant is another."""
    others = [
        (REF, "acme"),
        (REF.model_copy(update={"etag": "e2"}), "default"),
        (REF.model_copy(update={"version": "v1"}), "default"),
        (REF.model_copy(update={"key": "b.wav"}), "default"),
        (REF.model_copy(update={"bucket": "other"}), "default"),
    ]
    ids = {key_of(upload(ref, tenant_id=tenant), ref, rules()).call_id for ref, tenant in others}
    first = key_of(upload(), REF, rules())

    assert first == key_of(upload(), REF, rules())
    assert re.fullmatch(r"c-[0-9a-f]{32}", first.call_id)
    assert 5 == len(ids - {first.call_id})


def test_a_version_makes_the_etag_irrelevant() -> None:
    """A versioned object is told by its version alone."""
    with_etag = REF.model_copy(update={"version": "v1"})
    without = with_etag.model_copy(update={"etag": None})

    assert key_of(upload(with_etag), with_etag, rules()) == key_of(upload(without), without, rules())


def test_our_doors_key_carries_tenant_and_call() -> None:
    """The bucket's notification of an upload is the upload's own call."""
    ref = ObjectRef(
        bucket="audio", key=door_key("acme", datetime(2026, 1, 2, tzinfo=UTC), OURS, "wav"), etag="e"
    )
    elsewhere = ref.model_copy(update={"bucket": "vendor"})

    assert f"acme/2026/01/02/{OURS}.wav" == ref.key
    assert ("acme", OURS) == (
        key_of(upload(ref), ref, rules()).tenant_id,
        key_of(upload(ref), ref, rules()).call_id,
    )
    assert names_its_call(upload(ref), ref, rules())
    assert OURS != key_of(upload(elsewhere), elsewhere, rules()).call_id


def test_an_object_without_version_and_etag_must_be_looked_up() -> None:
    """Nothing tells two objects of one key apart but these."""
    bare = ObjectRef(bucket="audio", key="a.wav")

    assert [False, True, True] == [
        is_identified(upload(bare), bare, rules()),
        is_identified(upload(bare, call_id="c-1"), bare, rules()),
        is_identified(upload(), REF, rules()),
    ]


def test_an_events_call_id_is_kept() -> None:
    """Whoever names the call knows it."""
    assert "c-42" == key_of(upload(call_id="c-42"), REF, rules()).call_id


def test_an_upload_of_nothing_is_refused() -> None:
    """Something must have been uploaded."""
    with pytest.raises(Permanent) as caught:
        subject(CallUploaded())

    assert "invalid_message" == caught.value.reason


@pytest.mark.parametrize(("size", "reason"), [(0, "empty_file"), (101, "too_large")])
def test_impossible_sizes_are_refused(size: int, reason: str) -> None:
    """Nothing and too much are no recordings."""
    with pytest.raises(Permanent) as caught:
        check_size(size, rules())

    assert reason == caught.value.reason


@pytest.mark.parametrize(("rate", "channels"), [(3_999, 1), (384_001, 1), (8_000, 0), (8_000, 33), (0, 2)])
def test_impossible_figures_are_refused(rate: int, channels: int) -> None:
    """What no recorder makes would explode when it is resampled."""
    with pytest.raises(Permanent) as caught:
        recording(REF, 10, Probe("wav", "pcm_s16le", rate, channels, None))

    assert "unsupported_audio" == caught.value.reason


@pytest.mark.parametrize(("rate", "channels"), [(4_000, 1), (384_000, 32)])
def test_the_extremes_are_taken(rate: int, channels: int) -> None:
    """The limits themselves are possible."""
    found = recording(REF, 10, Probe("wav", "pcm_s16le", rate, channels, 24_000))

    assert (rate, channels, 10, REF) == (found.sample_rate, found.channels, found.size_bytes, found.object)


def test_metadata_is_the_events_then_the_names_then_the_sidecars() -> None:
    """Where several know a field, the earlier source is believed; what only one knows is taken."""
    event = CallMetadata(agent="event", extra={"deal": "event"})
    name = {"agent": "name", "customer": "name", "deal": "name", "desk": "name"}
    sidecar = {"customer": "sidecar", "direction": "inbound", "extra": {"desk": "sidecar", "tag": "sidecar"}}

    expected = CallMetadata(
        agent="event",
        customer="name",
        direction="inbound",
        extra={"tag": "sidecar", "desk": "name", "deal": "event"},
    )
    assert expected == merged(event, name, sidecar)


def test_what_does_not_fit_is_kept_as_extra() -> None:
    """A strange value costs no call and is not lost; nested things are."""
    found = metadata({"direction": "sideways", "started_at": "yesterday", "score": 7, "deep": {"a": 1}})

    assert CallMetadata(extra={"direction": "sideways", "started_at": "yesterday", "score": "7"}) == found


def test_a_start_without_a_zone_is_utc() -> None:
    """Times are comparable."""
    assert datetime(2026, 1, 2, 3, tzinfo=UTC) == metadata({"started_at": "2026-01-02T03:00:00"}).started_at


def test_a_files_name_speaks_through_the_pattern() -> None:
    """The groups of the pattern name the fields; the folder does not matter, Windows' neither."""
    pattern = re.compile(r"^(?P<agent>[^_]+)_(?P<direction>in|out)bound_(?P<note>.*)\.")

    spoken = {"filename": "anna_inbound_x.wav", "agent": "anna", "direction": "in", "note": "x"}
    assert spoken == in_name("a/b/anna_inbound_x.wav", pattern)
    assert {"filename": "b.wav"} == in_name("C:\\a\\b.wav", pattern)
    assert {"filename": "anna_inbound_x.wav"} == in_name("anna_inbound_x.wav", None)
    assert {} == in_name("a/", None)
    assert 255 == len(in_name("a" * 300, None)["filename"])


@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(
    st.dictionaries(
        st.text(max_size=10) | st.sampled_from(["agent", "direction", "started_at", "extra"]),
        st.none()
        | st.text(max_size=30)
        | st.integers()
        | st.floats()
        | st.lists(st.text())
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_sidecar_is_metadata(fields: dict[str, Any]) -> None:
    """Whatever JSON lies beside a recording, the event is believed and nothing is raised."""
    assert "Anna" == merged(CallMetadata(agent="Anna"), fields).agent


@settings(deadline=None, max_examples=60)  # the machine may be busy
@given(st.lists(st.text(), min_size=1, max_size=4))
def test_an_id_is_a_function_of_what_it_identifies(identity: list[str]) -> None:
    """Ids are stable and short whatever they are made of."""
    assert call_id(*identity) == call_id(*identity)
    assert re.fullmatch(r"c-[0-9a-f]{32}", call_id(*identity))
