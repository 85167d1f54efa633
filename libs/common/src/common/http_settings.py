"""What an operator may choose about connections to our HTTP servers."""

from pydantic import Field, PositiveInt

from common.settings import ServiceSettings


class HttpSettings(ServiceSettings):
    """Limits of what may reach us before a request has been read; those of every server we start."""

    max_connections: PositiveInt = Field(
        1000,
        description="Connections one process keeps open; beyond, the one that is idle longest makes room",
    )
    request_head_seconds: PositiveInt = Field(
        10, description="Seconds in which a request's head has to be complete"
    )
    max_request_head_bytes: PositiveInt = Field(32_768, description="Largest head of a request")
    max_request_headers: PositiveInt = Field(100, description="Most headers a request may have")
