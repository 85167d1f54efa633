"""AWS's clients follow no redirect: one would lead a request of ours wherever somebody's answer says.

botocore never does; aiobotocore's sessions do, since aiohttp does unless it is told not to.
"""

from dataclasses import dataclass
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession


@dataclass(frozen=True, slots=True)
class _Staying:
    session: Any

    async def request(self, method: str, **told: Any) -> Any:
        return await self.session.request(method, allow_redirects=False, **told)


class StayingSession(AIOHTTPSession):
    """As ``http_session_cls`` of a client's configuration."""

    async def _get_session(self, proxy_url: str | None) -> Any:
        session = await super()._get_session(proxy_url)  # type: ignore[misc] # the published types lack it
        return _Staying(session)
