"""Logging in and out on the page: by an API key, or at the issuer."""

from collections.abc import Awaitable
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode

from common.errors import Transient
from common.logging import get_logger
from common.model import Noun
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ConfigDict, Field

from ingest.api.given import TheIdentities, TheLogins, TheSettings
from ingest.api.names import ANY_QUERY
from ingest.api.samples.access import BACK, LEAVING, OPTIONS
from ingest.auth_settings import Way
from ingest.problems import Problem
from ingest.security.admission import refused
from ingest.security.identities import Identities
from ingest.security.login import Leaving, Logins, Refusal, is_local
from ingest.security.presented import COOKIE, LARGEST, cookie_name, is_encrypted, own_address
from ingest.security.principal import Principal
from ingest.security.sessions import Login as UnderWay
from ingest.settings import DoorSettings

T = TypeVar("T")

LOGIN = "/login"  # the page's view, which says why a login failed
UNDER_WAY = "callstream-login"
HOUR = 3600  # seconds

log = get_logger("callstream.access")

router = APIRouter(prefix="/session", tags=["access"])


class Options(Noun):
    """What the page may offer; nothing where nobody has to log in."""

    ways: tuple[Way, ...]


class KeyLogin(Noun):
    """A login by key."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=LARGEST, description="An API key, whole")


@router.get("/options", summary="List login methods", operation_id="session_options", responses=OPTIONS)
async def options(settings: TheSettings) -> Options:
    """By what one may log in here; by nothing where nobody has to."""
    return Options(ways=settings.ways)


@router.post(
    "",
    summary="Log in with an API key",
    status_code=204,
    operation_id="begin_session",
)
async def begin(asked: KeyLogin, request: Request, settings: TheSettings, who: TheIdentities) -> Response:
    """Log in with an API key: the answer sets a cookie, which no script can read."""
    held = await who.with_key(asked.key, settings.session_hours)
    if held is None:
        raise refused()
    await _end_held(request, settings, who)
    response = Response(status_code=204)
    _hand_over(response, request, settings, held)
    return response


@router.delete("", summary="Log out", status_code=204, operation_id="end_session")
async def end(request: Request, settings: TheSettings, who: TheIdentities) -> Response:
    """Log out."""
    await _end_held(request, settings, who)
    response = Response(status_code=204)
    name, secure = cookie_name(request, settings), is_encrypted(request, settings)
    response.delete_cookie(name, path="/", secure=secure, httponly=True)
    return response


@router.get(
    "/oidc",
    summary="Start single sign-on",
    status_code=302,
    response_class=RedirectResponse,
    operation_id="begin_oidc_session",
    responses=LEAVING,
)
async def leave(
    request: Request,
    settings: TheSettings,
    logins: TheLogins,
    to: Annotated[str, Query(alias="next", max_length=500, description="A path of ours to go on to")] = "/",
) -> Response:
    """Log in at the issuer, then come back and go on to ``next``."""
    to = to if is_local(to) else "/"
    leaving = await _if_there(_offered(logins).begin(_back(request, settings), to))
    if not isinstance(leaving, Leaving):
        return _not_in(leaving, to)
    response = _on_to(leaving.address)
    _set(response, request, settings, UNDER_WAY, leaving.state, 600)
    return response


@router.get(
    "/callback",
    summary="Complete single sign-on",
    status_code=302,
    response_class=RedirectResponse,
    operation_id="end_oidc_login",
    dependencies=[ANY_QUERY],  # an issuer may add what it likes (RFC 6749, 4.1.2)
    responses=BACK,
)
async def come_back(
    request: Request,
    settings: TheSettings,
    logins: TheLogins,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=LARGEST)] = "",
    error: Annotated[str, Query(max_length=200, description="Why the issuer logged nobody in")] = "",
) -> Response:
    """Where the issuer sends the browser back to: on to ``next``, or to the login, which says why not.

    The login is told ``next``, too, so that another try leads there.
    """
    offered, ours = _offered(logins), request.cookies.get(cookie_name(request, settings, UNDER_WAY))
    if not (state and state == ours):
        return _not_in("denied" if error else "expired")
    login = await _if_there(offered.expected(state))
    if not isinstance(login, UnderWay):
        return _not_in("denied" if error else login)
    who = "denied" if error else await _if_there(offered.finish(login, code, _back(request, settings)))
    if not isinstance(who, Principal):
        return _not_in(who, login.next)
    held = await offered.identities.with_token(who, settings.session_hours)
    await _end_held(request, settings, offered.identities)
    response = _on_to(login.next)
    _hand_over(response, request, settings, held)
    return response


async def _if_there(asked: Awaitable[T]) -> T | Refusal:
    """What the issuer is asked for, unless it (or what we keep of the login) is away."""
    try:
        return await asked
    except Transient as error:
        log.warning("login.unavailable", error=str(error))
        return "unavailable"


def _not_in(why: Refusal, to: str = "/") -> Response:
    """Back to the login: a person who is on their way reads no problem document."""
    log.info("login.refused", reason=why)
    told = {"refused": why} | ({"next": to} if to != "/" else {})
    return _on_to(f"{LOGIN}?{urlencode(told)}")


def _on_to(address: str) -> Response:
    return RedirectResponse(address, 302, headers={"Cache-Control": "no-store"})


def _offered(logins: Logins | None) -> Logins:
    if logins is None:
        raise Problem(404, "Nobody logs in at an issuer here; AUTH=oidc would offer it.")
    return logins


def _back(request: Request, settings: DoorSettings) -> str:
    return f"{own_address(request, settings)}{settings.api_v1_prefix}/session/callback"


async def _end_held(request: Request, settings: DoorSettings, who: Identities) -> None:
    """The session that the browser has had until now, if any."""
    if held := request.cookies.get(cookie_name(request, settings)):
        await who.sessions.end(held)


def _hand_over(response: Response, request: Request, settings: DoorSettings, held: str) -> None:
    _set(response, request, settings, COOKIE, held, settings.session_hours * HOUR)


def _set(
    response: Response, request: Request, settings: DoorSettings, name: str, value: str, seconds: int
) -> None:
    same_site: Literal["lax"] = "lax"  # the issuer sends the browser back from another site
    response.set_cookie(
        cookie_name(request, settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_encrypted(request, settings),
        httponly=True,
        samesite=same_site,
    )
