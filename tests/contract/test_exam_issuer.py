"""What the doctor says of an issuer of access tokens, and what to do about it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.ctl.doctor import examine
from common.ctl.exam_issuer import issuer as examined
from common.ctl.findings import Finding
from common.settings import IssuerSettings
from oidc_issuer import Issuer, running_issuer


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


async def told(url: str) -> dict[str, Finding]:
    return {each.check: each for each in await examined(IssuerSettings(oidc_issuer=url))}


async def test_an_issuer_that_answers_is_well(issuer: Issuer) -> None:
    """With the number of its keys; on this machine nobody minds that it is not encrypted."""
    found = await told(issuer.url)

    assert ("ok", "answers, with 2 key(s)") == (found["issuer"].state, found["issuer"].told)
    assert "ok" == found["issuer.tls"].state


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tells": {"issuer": "https://another.example.com"}}, "another name"),
        ({"keys": {}}, "no key to verify"),
        ({"down": True}, "status 503"),
        ({"tells": {"jwks_uri": "http://127.0.0.1:1/keys"}}, "does not answer"),
    ],
    ids=["renamed", "without keys", "down", "keys elsewhere"],
)
async def test_what_is_wrong_with_an_issuer_is_said_with_a_remedy(
    issuer: Issuer, changes: dict[str, Any], says: str
) -> None:
    """One finding, in words."""
    for name, value in changes.items():
        setattr(issuer, name, value)
    found = (await told(issuer.url))["issuer"]

    assert "fail" == found.state
    assert says in found.told
    assert found.remedy


async def test_an_issuer_is_examined_where_one_is_named(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere it is skipped, saying which variable would name it."""
    states = {}
    for url in ("", issuer.url):
        monkeypatch.setenv("OIDC_ISSUER", url)
        states[url] = next(each for each in await examine() if each.check == "issuer")

    assert ["skipped", "ok"] == [each.state for each in states.values()]
    assert "OIDC_ISSUER" in states[""].told
