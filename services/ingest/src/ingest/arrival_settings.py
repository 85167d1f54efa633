"""What an operator may choose about what arrives at the door, and about the streams that leave it."""

from common.http_settings import HttpSettings
from pydantic import Field, PositiveInt

MEBIBYTE = 1024**2


class ArrivalSettings(HttpSettings):
    """Limits that keep the door open for everybody."""

    event_streams: PositiveInt = Field(
        500, description="Streams of events one process keeps open at a time, all clients together"
    )
    event_streams_each: PositiveInt = Field(
        20, description="Streams of events one client may have open at a time, in each process"
    )
    max_body_bytes: PositiveInt = Field(MEBIBYTE, description="Largest body of a request, an upload's apart")
    request_body_seconds: PositiveInt = Field(
        30, description="Seconds a request's body may keep us waiting, beside REQUEST_BODY_RATE"
    )
    request_body_rate: PositiveInt = Field(
        16_384, description="Bytes a second that buy a request's body more time to come"
    )
