"""What an upload must be, and whose call it is."""

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from common.errors import Permanent
from common.events import CallUploaded
from common.model import CallKey, ObjectRef, Recording
from pydantic import ValidationError

LOWEST_RATE, HIGHEST_RATE = 4_000, 384_000  # Hz; outside, resampling explodes
MOST_CHANNELS = 32

_ID_LENGTH = 32
_OURS = re.compile(
    r"^(?P<tenant>[A-Za-z0-9][A-Za-z0-9_-]{0,63})/\d{4}/\d{2}/\d{2}/(?P<call_id>c-[0-9a-f]{32})\.[a-z0-9]{1,8}$"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket, or the part of it under *prefix*."""

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "Location":
        """Read ``bucket`` or ``bucket/prefix``."""
        bucket, _, prefix = text.partition("/")
        return cls(bucket, prefix)

    def has(self, ref: ObjectRef) -> bool:
        """Whether *ref* lies here."""
        return ref.bucket == self.bucket and ref.key.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator decided about uploads. ``home`` is the bucket our own door writes to."""

    home: str
    allowed: tuple[Location, ...]
    default_tenant: str
    max_bytes: int
    tenant_pattern: re.Pattern[str] | None = None
    filename_pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a container says it holds; every figure is a claim."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    duration_ms: int | None


def subject(upload: CallUploaded) -> ObjectRef:
    """The object that an upload is about.

    Raises:
        Permanent: it names neither a recording nor a transcript.
    """
    ref = upload.recording or upload.transcript
    if ref is None:
        raise Permanent("the upload names neither a recording nor a transcript", reason="invalid_message")
    return ref


def refusal(ref: ObjectRef, allowed: tuple[Location, ...]) -> Permanent | None:
    """Why this object may not be opened, or None."""
    if ".." in ref.key.split("/") or _CONTROL.search(ref.key):
        return Permanent(
            "the object's key has '..' or a control character in it", reason="forbidden_location"
        )
    if not any(location.has(ref) for location in allowed):
        return Permanent("the object lies outside ALLOWED_LOCATIONS", reason="forbidden_location")
    return None


def trespass(upload: CallUploaded, ref: ObjectRef, rules: Rules) -> Permanent | None:
    """Why this event may not name this object of our own door's, or None: it is another tenant's."""
    owner = _own_key(ref, rules).get("tenant")
    if owner is None or upload.tenant_id in {None, owner}:
        return None
    return Permanent("the object is another tenant's", reason="forbidden_location")


def tenant_of(upload: CallUploaded, ref: ObjectRef, rules: Rules) -> str:
    """Whose call it is: the event says, else our own key, else ``TENANT_KEY_PATTERN``, else the default."""
    ours = _own_key(ref, rules)
    if upload.tenant_id or ours:
        return upload.tenant_id or ours["tenant"]
    found = rules.tenant_pattern.search(ref.key) if rules.tenant_pattern else None
    return (
        next(filter(None, found.groupdict().values()), rules.default_tenant)
        if found
        else rules.default_tenant
    )


def key_of(upload: CallUploaded, ref: ObjectRef, rules: Rules) -> CallKey:
    """Which call it is: the event says, else our own key, else what identifies the object.

    Raises:
        Permanent: the tenant that the key pattern found is not a tenant's name.
    """
    tenant = tenant_of(upload, ref, rules)
    known = upload.call_id or _own_key(ref, rules).get("call_id")
    try:
        return CallKey(tenant_id=tenant, call_id=known or call_id(tenant, *_identity(ref)))
    except ValidationError:
        raise Permanent(
            "TENANT_KEY_PATTERN found no valid tenant in the key", reason="invalid_tenant"
        ) from None


def is_identified(upload: CallUploaded, ref: ObjectRef, rules: Rules) -> bool:
    """Whether the call's id can be told without looking the object up."""
    return bool(names_its_call(upload, ref, rules) or ref.version or ref.etag)


def call_id(*identity: str) -> str:
    """An id that is the same whenever the identity is."""
    return "c-" + sha256("|".join(identity).encode()).hexdigest()[:_ID_LENGTH]


def is_own(ref: ObjectRef, rules: Rules) -> bool:
    """Whether our own door put the object where it lies."""
    return bool(_own_key(ref, rules))


def names_its_call(upload: CallUploaded, ref: ObjectRef, rules: Rules) -> bool:
    """Whether the call's id is named, by the event or by a key of ours, and not derived from the object.

    Such an object may have been written again since (a retry), and its ETag be another.
    """
    return bool(upload.call_id or _own_key(ref, rules))


def check_size(size: int, rules: Rules) -> None:
    """Refuse what no recording is.

    Raises:
        Permanent: ``empty_file`` or ``too_large``.
    """
    if size == 0:
        raise Permanent("the file is empty", reason="empty_file")
    if size > rules.max_bytes:
        raise Permanent(
            f"the file is larger than {rules.max_bytes} bytes (MAX_RECORDING_BYTES)", reason="too_large"
        )


def recording(ref: ObjectRef, size: int, probe: Probe) -> Recording:
    """The recording, if its declared figures are possible at all.

    Raises:
        Permanent: ``unsupported_audio``.
    """
    if not LOWEST_RATE <= probe.sample_rate <= HIGHEST_RATE:
        raise Permanent(
            f"a sample rate of {probe.sample_rate} Hz is outside {LOWEST_RATE} to {HIGHEST_RATE}",
            reason="unsupported_audio",
        )
    if not 1 <= probe.channels <= MOST_CHANNELS:
        raise Permanent(
            f"{probe.channels} channels are outside 1 to {MOST_CHANNELS}", reason="unsupported_audio"
        )
    return Recording(
        object=ObjectRef(**dict(ref)),
        size_bytes=size,
        container=probe.container,
        codec=probe.codec,
        sample_rate=probe.sample_rate,
        channels=probe.channels,
        duration_ms=probe.duration_ms,
    )


def door_key(tenant: str, at: datetime, identifier: str, extension: str) -> str:
    """Where our own door puts a recording; the key carries its call's id."""
    return f"{tenant}/{at:%Y/%m/%d}/{identifier}.{extension}"


def sidecar_of(ref: ObjectRef) -> ObjectRef:
    """The JSON document beside a recording."""
    return ObjectRef(bucket=ref.bucket, key=f"{ref.key}.json")


def _own_key(ref: ObjectRef, rules: Rules) -> dict[str, str]:
    found = _OURS.match(ref.key) if ref.bucket == rules.home else None
    return found.groupdict() if found else {}


def _identity(ref: ObjectRef) -> tuple[str, str, str]:
    return ref.bucket, ref.key, ref.version or ref.etag or ""
