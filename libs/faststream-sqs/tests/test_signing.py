"""Our signatures are botocore's, byte for byte."""

from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from faststream_sqs.transport.lean import host_of
from faststream_sqs.transport.signing import Keys, Signer
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(
    not hasattr(botocore.auth, "get_current_datetime"),
    reason="this botocore's clock cannot be set",
)
REGIONS = ["us-east-1", "eu-central-1", "cn-north-1"]
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
hosts = st.sampled_from(
    [
        "https://sqs.eu-central-1.amazonaws.com",
        "https://sqs.cn-north-1.amazonaws.com.cn/",
        "https://example.test:8443",
        "https://example.test:443",
        "http://127.0.0.1:9324",
        "http://localhost:80",
        "http://localhost",
        "http://[::1]:9324",
    ]
)


def as_botocore(
    url: str, region: str, headers: dict[str, str], body: bytes, keys: Keys, time: datetime
) -> dict[str, str]:
    request = AWSRequest("POST", url, headers=headers, data=body)
    credentials = Credentials(keys.access_key, keys.secret_key, keys.token)
    with patch.object(botocore.auth, "get_current_datetime", lambda *_: time):
        SigV4Auth(credentials, "sqs", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(
    url=hosts,
    region=st.sampled_from(REGIONS),
    body=st.binary(max_size=300),
    target=header_values,
    access_key=printable,
    secret_key=printable,
    token=st.none() | printable,
    time=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2099, 1, 1)),  # noqa: DTZ001 - UTC below
)
def test_same_signature(
    url: str,
    region: str,
    body: bytes,
    target: str,
    access_key: str,
    secret_key: str,
    token: str | None,
    time: datetime,
) -> None:
    """Whatever is sent, wherever, whenever and by whom, is signed as botocore signs it."""
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    keys, time = Keys(access_key, secret_key, token), time.replace(tzinfo=UTC)

    ours = Signer(region, host_of(url)).sign(headers, body, keys, time)

    assert as_botocore(url, region, headers, body, keys, time) == ours


def test_a_kept_key_is_used_for_its_day_and_secret_only() -> None:
    """The signer goes on over midnight and through a change of credentials."""
    signer = Signer("us-east-1", "example.test")
    moments = [datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)]
    secrets = ["old", "new"]

    for secret in secrets:
        for time in moments:
            keys = Keys("key", secret)
            expected = as_botocore("https://example.test", "us-east-1", {"a": "b"}, b"{}", keys, time)
            assert expected == signer.sign({"a": "b"}, b"{}", keys, time)


def test_keys_stay_out_of_sight() -> None:
    """No secret is in what is printed of credentials."""
    assert "Keys(access_key='key')" == repr(Keys("key", "secret", "token"))
