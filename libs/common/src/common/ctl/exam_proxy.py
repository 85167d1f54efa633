"""Examine whether the API knows for whom a proxy speaks."""

from typing import Final

from pydantic import Field

from common.ctl.findings import Finding, ok, skipped, wrong
from common.settings import ServiceSettings

_REMEDY: Final = (
    "name the proxy's addresses in FORWARDED_ALLOW_IPS, unless it calls from 127.0.0.1 or there is none"
)


class ProxySettings(ServiceSettings):
    """Where browsers find the API, and whom the server believes that it speaks for others."""

    public_url: str | None = Field(None, description="As ingest reads it")
    forwarded_allow_ips: str | None = Field(None, description="As uvicorn reads it")


async def proxy(settings: ProxySettings) -> list[Finding]:
    """Behind a proxy that nobody named, all who ask have its address, and share what strangers may."""
    if settings.public_url is None:
        return [skipped("proxy", "PUBLIC_URL")]
    if not settings.public_url.startswith("https:"):
        return [ok("proxy", "browsers reach the API without one that ends TLS")]
    if settings.forwarded_allow_ips is None:
        told = "PUBLIC_URL is https and FORWARDED_ALLOW_IPS unset: behind a proxy, all have its address"
        return [wrong("proxy", told, _REMEDY, state="warn")]
    return [ok("proxy", "is believed about whom it speaks for")]
