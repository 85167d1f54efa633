"""What administrators do on the page: give and take access, and see who asked for what."""

import httpx
import pytest
from browser.conftest import Open
from browser.test_page_keyboard import tab_to
from page_scene import Scene
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

OFTEN = 55  # more than are shown at once
CLIPBOARD = ["clipboard-read", "clipboard-write"]


async def let_in(scene: Scene, key: str) -> tuple[int, str | None]:
    """What the door says to that key: the status, and the role."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{scene.url}/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code, answer.json().get("role")


async def make(watched: Watched, label: str, role: str) -> str:
    """Make a key by mouse, and read it where it is shown."""
    page = watched.page
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_label("What it is for").fill(label)
    await page.get_by_label("Role").select_option(role)
    await page.get_by_role("button", name="Make the key").click()
    return await page.get_by_role("dialog", name=f"The key “{label}”").get_by_label("API key").input_value()


async def test_a_key_is_made_copied_used_and_revoked(opened: Open, key: str) -> None:
    """It is shown once; who uses it is seen, and whoever has a revoked one is let in no longer."""
    watched = await opened(key, permissions=CLIPBOARD)
    page, scene = watched.page, watched.scene
    await watched.goto("/access")
    made = await make(watched, "crm export", "analysts")
    await page.get_by_role("button", name="Copy").click()
    await page.get_by_role("status").get_by_text("Copied.").wait_for()
    assert made == await page.evaluate("navigator.clipboard.readText()")
    await page.get_by_role("button", name="Done").click()
    row = page.locator("tbody tr", has_text="crm export")
    used = row.locator("[data-name='Last used']")
    await used.get_by_text("Never").wait_for()
    assert (200, "analysts") == await let_in(scene, made)

    await page.reload()
    await row.get_by_text("Works").wait_for()
    assert "Never" not in await used.inner_text()
    assert made not in await page.content()
    await row.get_by_role("button", name="Revoke crm export").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke the key").click()
    await row.get_by_text("Revoked").wait_for()
    assert 0 == await row.get_by_role("button").count()
    assert (401, None) == await let_in(scene, made)


async def test_a_key_is_not_revoked_by_mistake(watched: Watched) -> None:
    """Whoever does not confirm has changed nothing."""
    page = watched.page
    await watched.goto("/access")
    made = await make(watched, "kept", "users")
    await page.get_by_role("button", name="Done").click()
    await page.get_by_role("button", name="Revoke kept").click()
    await page.get_by_role("button", name="Cancel").click()

    assert 0 == await page.get_by_role("dialog").count()
    assert (200, "users") == await let_in(watched.scene, made)


async def test_a_key_is_made_without_a_mouse(watched: Watched) -> None:
    """By the shortcut, Tab, Enter and Escape; without days it never expires."""
    page = watched.page
    await watched.goto("/")
    await page.locator(".table").wait_for()
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    await watched.shows("Access")
    await page.locator(".table").wait_for()
    await tab_to(watched, ".heading .button")
    await page.keyboard.press("Enter")
    await tab_to(watched, "[name=label]")
    await page.keyboard.type("by keyboard")
    await tab_to(watched, "[name=days]")
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await page.keyboard.press("Enter")
    await page.get_by_text("It never expires.").wait_for()
    await page.keyboard.press("Escape")

    row = page.locator("tbody tr", has_text="by keyboard")
    await row.locator("[data-name='Expires']").get_by_text("Never").wait_for()
    assert 0 == await page.get_by_role("dialog").count()


async def test_who_asked_for_what_is_told_newest_first(watched: Watched) -> None:
    """Of all calls, or of one; older deeds come when they are asked for."""
    page, call = watched.page, f"{watched.scene.url}/api/v1/calls/c-broken"
    for _ in range(OFTEN):
        await page.context.request.get(call)
    await watched.goto("/audit")
    await page.get_by_text("Read this log").first.wait_for()
    assert ["Read this log", "Read a call"] == (await page.locator("tbody th").all_inner_texts())[:2]

    await page.get_by_label("Id of a call").fill("c-broken")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/audit?call_id=c-broken")
    links = page.locator("tbody").get_by_role("link", name="c-broken")
    await page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 50")
    await page.get_by_role("button", name="More").click()
    await page.wait_for_function("n => document.querySelectorAll('tbody tr').length >= n", arg=OFTEN)
    assert await page.locator("tbody tr").count() == await links.count()
    await links.last.click()
    await watched.shows("Call by Emily")


async def test_a_call_that_nobody_asked_for_has_no_record(watched: Watched) -> None:
    """It is said so."""
    await watched.goto("/audit?call_id=c-nobody")

    await watched.page.get_by_text("Nothing is on record.").wait_for()
