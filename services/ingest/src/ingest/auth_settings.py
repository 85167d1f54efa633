"""What an operator may choose about who comes in: by which proof, from which issuer, and how often."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from common.addresses import is_loopback
from common.settings import AuditSettings, IssuerSettings, Listed
from limits import parse
from pydantic import AfterValidator, Field, PositiveInt, model_validator

Way = Literal["oidc", "keys"]
Tier = Literal["users", "analysts", "admins", "anonymous"]


def _is_rate(text: str) -> str:
    parse(text)  # raises ValueError, which names what it found
    return text


def _is_origin(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.netloc or url.path or url.query or url.fragment:
        raise ValueError("is scheme and host alone, such as https://calls.example.com")
    return text


Rate = Annotated[str, AfterValidator(_is_rate)]
"""So many in so long, such as ``120/minute``."""


class AuthSettings(IssuerSettings, AuditSettings):
    """Who may ask, and for how long that is on record."""

    host: str = Field("127.0.0.1", description="Address the API listens on; any but loopback needs AUTH")
    auth: Literal["oidc", "keys", "oidc,keys", "keys,oidc", "none"] | None = Field(
        None,
        description="Who may ask: oidc (access tokens of OIDC_ISSUER), keys (API keys), or oidc,keys;"
        " none: anybody who reaches the API is an admin; unset: the same, on loopback only",
    )
    oidc_client_id: str | None = Field(
        None, description="Client that tokens have to be for, and that logs people in"
    )
    oidc_audience: Listed = Field(
        (),
        description="What tokens of that client may name as their audience (`aud`) in its stead, comma"
        " separated: account for Keycloak, the API's identifier for Auth0 and Okta",
    )
    oidc_scopes: str = Field("openid", description="Scopes a login asks for, separated by spaces")
    oidc_tenant_claim: str | None = Field(
        None,
        description="Claim that names the tenant; its groups are roles then (users, analysts, admins)."
        " Unset: groups are named TENANT/ROLE, such as acme/analysts",
    )
    oidc_groups_claim: str = Field("cognito:groups", description="Claim that lists the groups")
    public_url: Annotated[str, AfterValidator(_is_origin)] | None = Field(
        None,
        description="Address at which browsers reach the page, such as https://calls.example.com; needed"
        " behind a proxy that ends TLS. Unset: what the request says",
    )
    session_hours: PositiveInt = Field(8, description="Hours after which a login on the page ends")
    rate_limit_users: Rate = Field("60/minute", description="Requests of each user, such as 60/minute")
    rate_limit_analysts: Rate = Field("120/minute", description="Requests of each analyst")
    rate_limit_admins: Rate = Field(
        "300/minute", description="Requests of each admin; without AUTH, of each address"
    )
    rate_limit_anonymous: Rate = Field(
        "30/minute",
        description="Requests of each address that are refused; and, counted apart, those of a login",
    )

    @property
    def ways(self) -> tuple[Way, ...]:
        """By what one may come in; none where everybody is."""
        ways: tuple[Way, ...] = ("oidc", "keys")
        return tuple(way for way in ways if way in (self.auth or "").split(","))

    @property
    def rates(self) -> dict[Tier, str]:
        """How often each may ask."""
        return {
            "users": self.rate_limit_users,
            "analysts": self.rate_limit_analysts,
            "admins": self.rate_limit_admins,
            "anonymous": self.rate_limit_anonymous,
        }

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.auth is None and not is_loopback(self.host):
            raise ValueError(
                f"HOST={self.host} lets others in: say who may ask by AUTH=oidc, AUTH=keys or AUTH=oidc,keys;"
                " AUTH=none if anybody may"
            )
        return self

    @model_validator(mode="after")
    def _told_of_issuer(self) -> Self:
        if "oidc" in self.ways and not (self.oidc_issuer and self.oidc_client_id):
            raise ValueError("AUTH=oidc needs OIDC_ISSUER and OIDC_CLIENT_ID")
        return self
