"""What a door keeps to this machine, or to the network it stands in, whoever asks."""

from common.addresses import is_loopback
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.problems import Problem

FORWARDED = (  # what proxies say of whom they speak for, and that they do
    *("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"),
    "x-envoy-external-address",
)
FORWARDED_PREFIX = "x-forwarded-"
METRICS = "/metrics"
PROBES = ("/health/live", "/health/ready", METRICS)  # asked by the platform, from elsewhere


class LoopbackOnly:
    """Answer nobody who reached us over a network, unless ``AUTH`` says who may come in."""

    def __init__(self, app: ASGIApp, *, public: tuple[str, ...]) -> None:
        self._app = app
        self._public = (*PROBES, *public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        if scope["type"] == "http" and scope["path"] not in self._public and not _is_local(scope):
            await _closed().response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class InsideOnly:
    """Tell figures to whoever reaches us straight, as Prometheus does, not to whom a proxy speaks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let through."""
        if scope["type"] == "http" and scope["path"] == METRICS and _is_forwarded(Headers(scope=scope)):
            await Problem(404, "Metrics are told inside the cluster alone.").response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_forwarded(headers: Headers) -> bool:
    return any(name in FORWARDED or name.startswith(FORWARDED_PREFIX) for name in headers)


def _is_local(scope: Scope) -> bool:
    """Reached on loopback, and under a name for it: a proxy or a rebound name brings strangers there too."""
    server, headers = scope.get("server"), Headers(scope=scope)
    if server is None or _is_forwarded(headers):
        return False
    return is_loopback(server[0]) and is_loopback(_without_port(headers.get("host", "")))


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _closed() -> Problem:
    return Problem(
        403,
        "Without authentication this API answers on loopback (http://127.0.0.1) only."
        " To let others in, say who may ask: AUTH=keys, AUTH=oidc, or AUTH=none for anybody; then restart.",
    )
