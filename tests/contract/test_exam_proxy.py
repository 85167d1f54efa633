"""What the doctor says of a proxy before the API."""

import pytest
from common.ctl.doctor import examine


@pytest.mark.parametrize(
    ("public_url", "trusted", "state"),
    [
        ("", "", "skipped"),
        ("http://127.0.0.1:8000", "", "ok"),
        ("https://calls.test", "", "warn"),
        ("https://calls.test", "10.0.0.0/8", "ok"),
    ],
)
async def test_a_proxy_that_is_not_named_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, public_url: str, trusted: str, state: str
) -> None:
    """Then everybody has its address, and shares what strangers may ask; the remedy names the variable."""
    monkeypatch.setenv("PUBLIC_URL", public_url)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    found = next(each for each in await examine() if each.check == "proxy")

    assert (state, state == "warn") == (found.state, "FORWARDED_ALLOW_IPS" in (found.remedy or ""))
