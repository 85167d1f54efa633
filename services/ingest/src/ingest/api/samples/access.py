"""What OpenAPI shows of those who ask: who they are, their keys, and what is on record."""

from typing import Final

from ingest.api.samples.shown import Responses, shown

_KEY = {
    "key_id": "0123456789abcdef",
    "label": "crm export",
    "role": "analysts",
    "scopes": ["export", "read"],
    "created_at": "2026-11-20T09:00:00Z",
    "created_by": "5f1c9a52-0d1b-4f6e-9c83-0a7e1f6b2d11",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": "2026-11-21T07:30:00Z",
}
_ROW = {
    "id": "6f6c2f1e6b2b4d0f9a4c1d2e3f405162",
    "at": "2026-11-21T07:30:00Z",
    "tenant_id": "default",
    "who": "key:0123456789abcdef",
    "via": "key",
    "action": "transcript.read",
    "what": "c-1",
    "through": None,
}
_EXPORT = _ROW | {
    "id": "0b1d6f7e8c9a4f0e8d7c6b5a49382716",
    "action": "export",
    "what": None,
    "through": {"filters": ["agent", "since"], "calls": 0, "format": "csv"},
}


ME: Final[Responses] = {
    200: shown(
        "Somebody who was let in",
        {
            "name": "key:0123456789abcdef",
            "tenant_id": "default",
            "role": "users",
            "scopes": ["read", "upload"],
            "via": "session",
        },
    )
}
OPTIONS: Final[Responses] = {200: shown("Ways to log in", {"ways": ["oidc", "keys"]})}
_NO_ISSUER: Final[Responses] = {404: {"description": "Nobody logs in at an issuer here"}}
LEAVING: Final[Responses] = {
    302: {"description": "To the issuer's page, or to `/login?refused=unavailable`, `next` kept"},
    **_NO_ISSUER,
}
BACK: Final[Responses] = {
    302: {
        "description": "Logged in, and on to the path asked for; or to `/login?refused=` and why not:"
        " `denied`, `expired`, `unknown` or `unavailable`; with `next`, where it is known"
    },
    **_NO_ISSUER,
}
TENANT: Final[Responses] = {
    200: shown(
        "A tenant's figures",
        {
            "tenant_id": "default",
            "calls": {"transcribing": 3, "completed": 1840, "failed": 2},
            "keys": 4,
            "uploads": {"bytes_today": 734003200, "bytes_per_day": 10737418240},
            "spent_today_usd": 1.92,
        },
    ),
    404: {"description": "There is no such tenant, or it is not yours"},
}
KEYS: Final[Responses] = {200: shown("The tenant's keys", {"keys": [_KEY]})}
NEW_KEY: Final[Responses] = {
    201: shown(
        "The key, this once",
        _KEY | {"last_used_at": None, "key": "cs_0123456789abcdef_" + 43 * "x"},
    )
}
REVOKED: Final[Responses] = {404: {"description": "There is no such key"}}
AUDIT: Final[Responses] = {
    200: shown("A page of the record", {"rows": [_ROW, _EXPORT], "next": None}),
    400: {"description": "The cursor is none of ours for this question"},
}
