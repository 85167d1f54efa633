"""The headers that answers have, as OpenAPI declares them: all in one place, compared with those sent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Document = dict[str, Any]


def _header(description: str, kind: str = "string") -> Document:
    return {"description": description, "schema": {"type": kind}}


HEADERS: Final[Document] = {
    "Cache-Control": _header("Whether, and how long, the answer may be kept"),
    "Content-Disposition": _header("The name under which to save the file"),
    "ETag": _header("What to send as `If-None-Match`, to be told 304 while it is the same"),
    "Location": _header("Where to find what was made, or where to go on"),
    "Retry-After": _header("Seconds after which to try again", "integer"),
    "Set-Cookie": _header("The session, which no script can read; or its end"),
    "Vary": _header("What of the request decided the answer's form"),
    "WWW-Authenticate": _header("How to say who you are, or which scope is missing"),
    "X-Accel-Buffering": _header("Tells proxies to pass events on at once"),
}

_OF_STATUS: Final[Mapping[str, tuple[str, ...]]] = {
    "401": ("WWW-Authenticate",),
    "403": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
_KNOWN: Final = ("ETag", "Cache-Control")
_FILE: Final = ("Content-Disposition", "Cache-Control", "Vary")
_STREAM: Final = ("Cache-Control", "X-Accel-Buffering")
_ON: Final = ("Location", "Cache-Control")
_OF_ANSWER: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("ask", "200"): _STREAM,
    ("begin_oidc_session", "302"): (*_ON, "Set-Cookie"),
    ("begin_session", "204"): ("Set-Cookie",),
    ("begin_upload", "201"): ("Location",),
    ("complete_upload", "200"): ("Location",),
    ("complete_upload", "201"): ("Location",),
    ("costs", "200"): _FILE,
    ("create_key", "201"): ("Cache-Control",),
    ("detailed_health", "200"): ("Cache-Control",),
    ("end_oidc_login", "302"): (*_ON, "Set-Cookie"),
    ("end_session", "204"): ("Set-Cookie",),
    ("findings", "200"): _FILE,
    ("follow", "200"): _STREAM,
    ("get_call", "200"): _KNOWN,
    ("get_call", "304"): _KNOWN,
    ("get_peaks", "200"): _KNOWN,
    ("get_peaks", "304"): _KNOWN,
    ("get_recording", "307"): _ON,
    ("get_transcript", "200"): _FILE,
    ("redo", "202"): ("Location",),
    ("upload", "200"): ("Location",),
    ("upload", "201"): ("Location",),
}


def declare_headers(operations: Iterable[Document]) -> None:
    """Let each answer of these *operations* say which headers it has."""
    for operation in operations:
        for status, said in operation["responses"].items():
            named = (*_OF_STATUS.get(status, ()), *_OF_ANSWER.get((operation["operationId"], status), ()))
            if named:
                said["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in named}
