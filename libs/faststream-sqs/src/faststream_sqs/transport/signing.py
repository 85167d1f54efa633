"""Signs requests to SQS with AWS Signature Version 4, as botocore does, keeping a day's key."""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials at one moment; a token comes with those of a role."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class Signer:
    """Signs POST requests to one endpoint's root."""

    def __init__(self, region: str, host: str) -> None:
        self._region, self._host = region, host
        self._day_key: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def sign(self, headers: dict[str, str], body: bytes, keys: Keys, time: datetime) -> dict[str, str]:
        """The headers with date, token and signature; `time` is UTC, header names are lower case."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "x-amz-date": stamp}
        if keys.token:
            signed["x-amz-security-token"] = keys.token
        names, canonical = self._canonical(signed, body)
        scope = f"{stamp[:8]}/{self._region}/sqs/aws4_request"
        text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key(keys.secret_key, stamp[:8]), text.encode(), "sha256").hex()
        signed["authorization"] = (
            f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _canonical(self, headers: dict[str, str], body: bytes) -> tuple[str, str]:
        pairs = sorted({**headers, "host": self._host}.items())
        names = ";".join(name for name, _ in pairs)
        # Runs of white space count as one blank, at the ends as none.
        lines = "\n".join(f"{name}:{' '.join(value.split())}" for name, value in pairs)
        return names, f"POST\n/\n\n{lines}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"

    def _key(self, secret: str, day: str) -> bytes:
        known, key = self._day_key
        if known != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "sqs", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day_key = ((secret, day), key)
        return key
