"""An OIDC issuer: where its endpoints are and which keys it signs with, asked for seldom and remembered."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx2
from common.addresses import is_loopback
from common.errors import PipelineError, Transient, raising
from common.logging import get_logger
from common.model import Noun
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from pydantic import ValidationError

PAUSE: Final = 60.0  # seconds between two questions for keys, whoever asks for which
FRESH: Final = 3600.0  # seconds for which keys are not looked at again
TIMEOUT: Final = 5.0  # seconds
LARGEST: Final = 256 * 1024  # bytes of an answer

_FAILURES: Final = dict.fromkeys((httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError), Transient)

log = get_logger("callstream.issuer")


class Endpoints(Noun):
    """What an issuer says about itself."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None


class Issuer:
    """One issuer, asked at most once a minute; while it is away, what is known stays."""

    def __init__(
        self, client: httpx2.AsyncClient, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._read_at = float("-inf")
        self._described_at = float("-inf")
        self._keys: Mapping[str, Key] = {}
        self._endpoints: Endpoints | None = None

    async def key(self, kid: str) -> Key | None:
        """The key of that id, asked for if it is unknown or what is known has become old."""
        old = self._clock() - self._read_at >= FRESH
        if kid not in self._keys or (old and not self._asking.locked()):  # what is known need not wait
            await self._ask()
        return self._keys.get(kid)

    async def endpoints(self) -> Endpoints:
        """Where people log in.

        Raises:
            Transient: the issuer does not say, or has no keys by which we would know who comes back.
        """
        if self._endpoints is None or not self._keys:
            await self._ask()
        if self._endpoints is None or not self._keys:
            raise Transient("the issuer does not answer", reason="unavailable", retry_after=PAUSE)
        return self._endpoints

    async def exchange(self, form: Mapping[str, str]) -> Any:
        """What the token endpoint gives for a code; None where it refuses it.

        Raises:
            Transient: it does not answer.
        """
        endpoint = (await self.endpoints()).token_endpoint
        if endpoint is None:
            raise Transient("the issuer names no token endpoint")
        with raising("exchanging a code", _FAILURES):
            status, body = await self._fetched("POST", endpoint, form)
            return None if httpx2.codes.is_client_error(status) else _document(status, body)

    async def _ask(self) -> None:
        """All who wait at the same time are answered by one question."""
        async with self._asking:
            if self._clock() - self._asked_at < PAUSE:
                return
            self._asked_at = self._clock()
            try:
                await self._read()
            except PipelineError as error:
                log.warning("issuer.unavailable", error=str(error))
                if self._clock() - self._described_at >= FRESH:
                    self._endpoints = None  # they may have moved

    async def _read(self) -> None:
        if self._endpoints is None:
            self._endpoints, self._described_at = await self._described(), self._clock()
        self._keys = _usable(await self._answered(self._endpoints.jwks_uri))
        self._read_at = self._clock()

    async def _described(self) -> Endpoints:
        address = f"{self._name.rstrip('/')}/.well-known/openid-configuration"
        with raising("reading the issuer's description", {ValidationError: Transient}):
            told = Endpoints.model_validate(await self._answered(address))
        named = (told.jwks_uri, told.authorization_endpoint, told.token_endpoint)
        if told.issuer != self._name or not all(self._is_secure(url) for url in named if url):
            raise Transient("the issuer describes another one, or an address without TLS")
        return told

    def _is_secure(self, address: str) -> bool:
        """TLS, or loopback if the issuer itself is there."""
        url, own = httpx2.URL(address), httpx2.URL(self._name)
        return url.scheme == "https" or (own.scheme == "http" and is_loopback(url.host))

    async def _answered(self, address: str) -> Any:
        with raising("asking the issuer", _FAILURES):
            return _document(*await self._fetched("GET", address))

    async def _fetched(
        self, method: str, address: str, form: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body, which is of bounded size and from that very address: no redirect is followed."""
        async with self._client.stream(
            method, address, data=form, timeout=TIMEOUT, follow_redirects=False
        ) as answer:
            return answer.status_code, await _bounded(answer)


def _document(status: int, body: bytes) -> Any:
    if status != httpx2.codes.OK:
        raise Transient(f"the issuer answers with {status}")
    return json.loads(body)


async def _bounded(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise Transient("the issuer's answer is too large")
    return bytes(body)


def _usable(document: Any) -> dict[str, Key]:
    """The keys that can be read; an issuer may have others, for what we do not do."""
    found = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise Transient("the issuer's keys cannot be read")
    keys = [(row.get("kid"), _imported(row)) for row in found if isinstance(row, dict)]
    return {kid: key for kid, key in keys if isinstance(kid, str) and key}


def _imported(row: dict[str, Any]) -> Key | None:
    if row.get("kty") not in {"RSA", "EC"}:
        return None
    try:
        return JWKRegistry.import_key(row)
    except (JoseError, ValueError, TypeError):
        return None
