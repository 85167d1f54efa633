"""Which version of a service runs."""

from functools import cache
from importlib.metadata import version


@cache
def version_of(service: str) -> str:
    """The version of the service's package."""
    return version(service)
