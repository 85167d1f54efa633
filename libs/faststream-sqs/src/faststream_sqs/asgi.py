"""Health checks for an orchestrator, without a request to SQS."""

from typing import TYPE_CHECKING, Any, Literal

from faststream.asgi import AsgiResponse, get

if TYPE_CHECKING:
    from .broker.broker import SQSBroker

Check = Literal["live", "ready"]


def make_sqs_health_asgi(
    broker: "SQSBroker", check: Check = "ready", *, include_in_schema: bool = True, **options: Any
) -> Any:
    """A route that answers 204 or 503.

    "live" fails when the engine itself is stuck, which a restart mends; an outage of SQS is no reason.
    "ready" fails also before the start, while stopping, and while SQS does not answer the polls.
    """
    if check not in {"live", "ready"}:
        raise ValueError(f"check must be 'live' or 'ready', not {check!r}")

    async def health(scope: Any) -> AsgiResponse:  # noqa: ARG001 - the route's signature
        good = broker.alive if check == "live" else await broker.ping()
        return AsgiResponse(b"", 204 if good else 503)

    return get(include_in_schema=include_in_schema, **options)(health)
