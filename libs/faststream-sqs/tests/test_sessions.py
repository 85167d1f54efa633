"""Sessions: each its own credentials, all the same descriptions."""

from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.loaders import JSONFileLoader
from faststream_sqs.sessions import open_session


async def test_what_aws_says_of_a_service_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sessions open clients of it."""
    await opened()
    read: list[str] = []
    load = JSONFileLoader.load_file

    def noted(self: Any, path: str) -> Any:
        read.append(path)
        return load(self, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    await opened()

    assert [] == read


async def test_sessions_do_not_share_credentials() -> None:
    """Two brokers of one process may ask as two accounts."""
    one, other = open_session(), open_session()
    one.set_credentials("one", "secret")
    other.set_credentials("other", "secret")

    assert ["one", "other"] == [await key_of(each) for each in (one, other)]


async def opened() -> None:
    """A client of SQS that is not asked anything."""
    async with open_session().create_client(
        "sqs", region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    ):
        pass


async def key_of(session: AioSession) -> str | None:
    """What it signs with."""
    credentials = await session.get_credentials()
    return credentials.access_key if credentials else None
