"""What is said, asked and named is shown and never run; nobody sees another tenant's calls."""

from datetime import timedelta

import pytest
from browser.conftest import HOSTILE, Open
from common.access.scopes import Role
from page_scene import Scene, now, silence
from watched import SOUND, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<script>window.canary = 1</script>"


def yesterday() -> str:
    """When the hostile calls were: other tests hand in newer ones than one page of the list holds."""
    return (now() - timedelta(days=1)).date().isoformat()


async def test_script_in_a_transcript_and_a_name_is_shown_and_not_run(watched: Watched) -> None:
    """In the list, in the call and in what is found."""
    await watched.goto("/calls/c-hostile")
    await watched.page.locator(".said", has_text=f"Hello {SCRIPT}").wait_for()
    await watched.goto(f"/?to={yesterday()}")
    await watched.page.get_by_text(HOSTILE).first.wait_for()
    await watched.goto("/search?q=price+canary&mode=words")
    await watched.page.locator(".told", has_text="</script><img src=x").first.wait_for()


async def test_script_in_a_query_and_a_question_is_shown_and_not_run(watched: Watched) -> None:
    """Wherever it is repeated."""
    await watched.goto("/search?q=%3Cscript%3Ewindow.canary%3D1%3C%2Fscript%3E&mode=words&until=2001-01-01")
    await watched.page.get_by_text("“<script>window.canary=1</script>”").first.wait_for()
    await watched.goto("/ask")
    await watched.page.get_by_label("Your question").fill(HOSTILE)
    await watched.page.keyboard.press("Enter")
    await watched.page.get_by_role("heading", name=HOSTILE).wait_for()


async def test_script_in_a_file_name_is_shown_and_not_run(watched: Watched) -> None:
    """While it is handed in."""
    name = "<img src=x onerror='window.canary=3'>.wav"
    await watched.goto("/upload")
    file = {"name": name, "mimeType": "audio/wav", "buffer": silence(2.0, 8000)}
    await watched.page.get_by_label("Choose recordings").set_input_files(file)  # type: ignore[arg-type]
    await watched.page.get_by_role("heading", name=name).wait_for()
    await watched.page.get_by_role("link", name="Open the call").wait_for()


async def test_script_in_the_file_name_that_names_a_call_is_shown_and_not_run(watched: Watched) -> None:
    """As the call's title and the document's, in the list, and in the small player."""
    page, name = watched.page, f"{HOSTILE}.wav"
    await watched.goto("/calls/c-named")
    await watched.shows(name)
    assert f"{name} · Callstream" == await page.title()
    await page.get_by_role("button", name="Play", exact=True).click()
    await page.wait_for_function(f"() => {SOUND} && !{SOUND}.paused")
    await page.get_by_role("link", name="Calls", exact=True).click()
    await page.get_by_label("To", exact=True).fill(yesterday())
    await page.locator("tbody").get_by_role("link", name=name).wait_for()
    await page.locator(".dock").get_by_role("link", name=name).wait_for()


async def test_another_tenant_finds_nothing(opened: Open, scene: Scene) -> None:
    """Neither in lists nor by a call's address."""
    stranger = await opened(await scene.archive.key("globex"))
    stranger.expected = {404}
    page = stranger.page
    for path, told in (
        ("/", "No calls yet."),
        ("/search?q=discount", "Nothing was found"),
        ("/overview?days=365", "No calls in this period."),
        ("/failed", "No call has failed."),
        ("/calls/c-pricing_review-0", "Not found"),
    ):
        await stranger.goto(path)
        await page.get_by_text(told).first.wait_for()


async def test_a_key_in_the_address_signs_in_and_is_gone(opened: Open, key: str) -> None:
    """Whoever signs out is led to the login, and from there to where they wanted to go."""
    watched = await opened()
    watched.expected = {401}
    await watched.goto(f"/#key={key}")
    await watched.shows("Calls")
    assert f"{watched.scene.url}/" == watched.page.url
    assert "" == await watched.page.evaluate("document.cookie")

    await watched.page.get_by_role("button", name="Sign out").click()
    await watched.shows("Sign in")
    await watched.goto("/failed")
    await watched.page.get_by_label("API key").fill("cs_wrong")
    await watched.page.get_by_role("button", name="Sign in").click()
    await watched.page.get_by_text("This key is not known").wait_for()
    await watched.page.get_by_label("API key").fill(key)
    await watched.page.get_by_role("button", name="Sign in").click()
    await watched.shows("Failed")


async def test_a_role_is_not_offered_what_it_may_not_do(opened: Open, scene: Scene) -> None:
    """A user hands in and reads."""
    watched = await opened(await scene.archive.key("default", "users"))
    await watched.goto("/")
    await watched.shows("Calls")
    offered = await watched.page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()

    assert ["Calls", "Upload", "Failed"] == offered


@pytest.mark.parametrize(
    ("role", "path", "told"),
    [
        (
            "users",
            "/ask",
            "Your role may not ask questions. An administrator can give you the role analysts.",
        ),
        (
            "users",
            "/search?q=discount",
            "Your role may not search calls or sum them up. An administrator can give you the role analysts.",
        ),
        (
            "analysts",
            "/access",
            "Your role may not see or change who has access. An administrator can give you the role admins.",
        ),
        (
            "analysts",
            "/audit",
            "Your role may not see who asked for what. An administrator can give you the role admins.",
        ),
    ],
)
async def test_a_view_that_is_not_theirs_says_what_they_lack(
    opened: Open, scene: Scene, role: Role, path: str, told: str
) -> None:
    """And who gives it; another try would not help, so none is offered, and nothing is asked for in vain."""
    watched = await opened(await scene.archive.key("default", role))
    await watched.goto(path)

    assert told in await watched.page.get_by_role("alert").inner_text()
    assert 0 == await watched.page.get_by_role("button", name="Try again").count()


async def test_who_is_signed_in_is_to_be_seen(opened: Open, scene: Scene) -> None:
    """Their name, their role, and whose calls they see; on a small screen, too."""
    for width in (360, 1280):
        watched = await opened(
            await scene.archive.key("globex", "analysts"), viewport={"width": width, "height": 800}
        )
        await watched.goto("/")
        whose = watched.page.locator(".whose")
        await whose.get_by_text("analysts · globex").wait_for()
        assert (await whose.inner_text()).startswith("key:")


async def test_the_api_s_description_is_shown_under_its_policy(watched: Watched) -> None:
    """Without a CDN, and with nothing refused."""
    await watched.goto("/docs")
    await watched.page.get_by_text("/api/v1/calls/upload").first.wait_for()
