"""Tokens as Cognito makes them, of moto's user pool: access tokens are taken, ID tokens are not."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx2
import pytest
from door_scene import Door, opened
from ingest_scene import Outside, door_settings
from moto import mock_aws
from moto.cognitoidp.models import cognitoidp_backends

REGION = "eu-central-1"
PASSWORD = "Correct-horse-7"


@dataclass
class Pool:
    """A user pool, and both tokens of one of its users."""

    issuer: str
    client_id: str
    tokens: dict[str, str]
    keys: dict[str, Any]

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """What the pool's addresses answer; moto's own server describes no issuer."""
        if request.url.path.endswith("/openid-configuration"):
            told = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/.well-known/jwks.json"}
            return httpx2.Response(200, json=told)
        return httpx2.Response(200, json=self.keys)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield _pool(boto3.client("cognito-idp", region_name=REGION))


def _pool(cognito: Any) -> Pool:
    pool_id = cognito.create_user_pool(PoolName="calls")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="page", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.create_group(UserPoolId=pool_id, GroupName="acme/admins")
    cognito.admin_create_user(UserPoolId=pool_id, Username="dana", TemporaryPassword=PASSWORD)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="dana", Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="dana", GroupName="acme/admins")
    tokens = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "dana", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    made = next(
        pools[pool_id]
        for account in cognitoidp_backends.values()
        for pools in [account[REGION].user_pools]
        if pool_id in pools
    )
    issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}"
    return Pool(
        issuer, client, tokens, {"keys": [made.json_web_key.as_dict(private=False) | {"kid": "dummy"}]}
    )


@pytest.fixture
async def door(pool: Pool) -> AsyncIterator[Door]:
    settings = door_settings(auth="oidc", oidc_issuer=pool.issuer, oidc_client_id=pool.client_id)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(pool.answer)) as client:
        outside = Outside(settings, now=datetime.now(UTC), issuer=client)
        async with opened(outside, "http://calls.test") as door:
            yield door


async def test_an_access_token_of_cognito_is_taken(door: Door, pool: Pool) -> None:
    """Who they are is their ``sub``, never the user's name."""
    headers = {"Authorization": f"Bearer {pool.tokens['AccessToken']}"}
    answer = (await door.get("/me", **headers)).json()

    assert ("acme", "admins", "oidc") == (answer["tenant_id"], answer["role"], answer["via"])
    assert "dana" not in answer["name"]


async def test_an_id_token_of_cognito_is_not(door: Door, pool: Pool) -> None:
    """It says who logged in, and is meant for the page alone."""
    answer = await door.get("/me", Authorization=f"Bearer {pool.tokens['IdToken']}")

    assert 401 == answer.status_code
