"""What an operator may choose about what arrives at the door, and about the streams that leave it."""

from typing import Annotated

from common.http_settings import HttpSettings
from pydantic import Field, NonNegativeInt, PositiveInt

MEBIBYTE = 1024**2
TEBIBYTE = 1024**4


class ArrivalSettings(HttpSettings):
    """Limits that keep the door open for everybody."""

    event_streams: PositiveInt = Field(
        500, description="Streams of events one process keeps open at a time, all clients together"
    )
    event_streams_each: PositiveInt = Field(
        20, description="Streams of events one client may have open at a time, in each process"
    )
    max_body_bytes: PositiveInt = Field(MEBIBYTE, description="Largest body of a request, an upload's apart")
    max_bodies_bytes: Annotated[int, Field(ge=4 * MEBIBYTE)] = Field(
        12 * MEBIBYTE,
        description="Bytes of bodies one process holds in memory at a time, of an upload at most 448 KiB",
    )
    request_body_seconds: PositiveInt = Field(
        30, description="Seconds a request's body may keep us waiting, beside REQUEST_BODY_RATE"
    )
    request_body_rate: PositiveInt = Field(
        16_384, description="Bytes a second that buy a request's body more time to come"
    )
    upload_hours: Annotated[int, Field(ge=1, le=168)] = Field(
        24, description="Hours in which an upload in parts has to be complete; its addresses work as long"
    )
    upload_bytes_per_day: NonNegativeInt = Field(
        TEBIBYTE, description="Bytes of recordings a tenant may hand in on a day (UTC); 0: no limit"
    )
