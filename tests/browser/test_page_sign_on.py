"""Single sign-on: the browser goes to an issuer of another origin, and comes back as somebody, or nobody."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from browser.conftest import Open
from oidc_issuer import CLIENT, Issuer, running_issuer
from page_scene import TENANT, Scene
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

WANTED = "/search?q=discount"
REFUSALS = {
    "denied": "Single sign-on did not let you in, or was cancelled.",
    "expired": "This sign-in took too long, or was begun in another window.",
    "unknown": "Single sign-on knows you, but you have no access here yet.",
    "unavailable": "Single sign-on does not answer.",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        issuer.groups = [f"{TENANT}/analysts"]
        yield issuer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def door(
    scene: Scene, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    chosen = {"AUTH": "oidc,keys", "OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT}
    async with scene.another(tmp_path_factory.mktemp("sign-on"), **chosen) as door:
        yield door


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(opened: Open, door: Scene, issuer: Issuer) -> Watched:
    """Somebody whom nobody knows yet."""
    watched = await opened(at=door)
    watched.expected, watched.friends = {401}, (f"{issuer.url}/",)
    return watched


async def sign_on(watched: Watched) -> None:
    """Go to the issuer, which sends whoever comes back at once."""
    await watched.shows("Sign in")
    await watched.page.get_by_label("API key").wait_for()
    await watched.page.get_by_role("link", name="Continue with single sign-on").click()


async def test_single_sign_on_leads_to_what_was_wanted_until_it_is_left(
    visitor: Watched, issuer: Issuer
) -> None:
    """By the issuer's own address; whoever signs out is nobody again, at that address, too."""
    page = visitor.page
    await visitor.goto(WANTED)
    await sign_on(visitor)
    await page.locator(".found").first.wait_for()
    assert f"{visitor.scene.url}{WANTED}" == page.url
    assert any(url.startswith(f"{issuer.url}/authorize?") for url in visitor.asked)
    assert "" == await page.evaluate("document.cookie")

    await page.get_by_role("button", name="Sign out").click()
    await visitor.shows("Sign in")
    await visitor.goto(WANTED)
    await visitor.shows("Sign in")


async def test_whoever_the_issuer_turns_away_is_told_so(visitor: Watched, issuer: Issuer) -> None:
    """Back at the login, as nobody; what the issuer wrote is not shown, and another try leads where they
    wanted to go.
    """
    issuer.denies = True
    try:
        await visitor.goto(WANTED)
        await sign_on(visitor)
        await visitor.page.get_by_role("alert").get_by_text(REFUSALS["denied"]).wait_for()
    finally:
        issuer.denies = False

    assert f"{visitor.scene.url}/login?next=%2Fsearch%3Fq%3Ddiscount" == visitor.page.url
    await sign_on(visitor)
    await visitor.page.locator(".found").first.wait_for()


@pytest.mark.parametrize("code", REFUSALS)
async def test_whoever_is_led_back_to_the_login_is_told_why(visitor: Watched, code: str) -> None:
    """Once: the reason is not in the address any more, and not said again when the page is loaded again."""
    await visitor.goto(f"/login?next=%2Ffailed&refused={code}")
    await visitor.page.get_by_role("alert").get_by_text(REFUSALS[code]).wait_for()
    await visitor.page.wait_for_url(f"{visitor.scene.url}/login?next=%2Ffailed")

    await visitor.page.reload()
    await sign_on(visitor)
    await visitor.shows("Failed")
