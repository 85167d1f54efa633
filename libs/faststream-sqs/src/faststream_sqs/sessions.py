"""Sessions of AWS that share what takes most of their time and memory."""

from functools import cache

from aiobotocore.session import AioSession, get_session
from botocore.loaders import Loader


def open_session() -> AioSession:
    """A session with credentials of its own; what AWS says of its services is read once a process.

    Else each session reads it again and keeps it: clients of SQS and S3 cost 120 ms or more, and 20 MiB.
    """
    session = get_session()
    session.register_component("data_loader", _descriptions())
    return session


@cache
def _descriptions() -> Loader:
    loader: Loader = get_session().get_component("data_loader")
    return loader
