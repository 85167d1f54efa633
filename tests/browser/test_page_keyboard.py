"""Everything that the page offers is done without a mouse."""

import pytest
from browser.conftest import Open
from page_scene import PRICING, Scene, call, now, silence, spoken
from playwright.async_api import FilePayload, expect
from watched import SOUND, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

# of a modal dialog: nothing has the focus while the browser's own bar has it
WITHIN = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
LINE = "document.activeElement.closest('.line').dataset.n"


async def tab_to(watched: Watched, what: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        if await watched.page.evaluate("what => document.activeElement.matches(what)", what):
            return
        await watched.page.keyboard.press("Tab")
    pytest.fail(f"{what} is not reached by Tab")


async def test_a_call_is_found_and_heard_without_a_mouse(watched: Watched) -> None:
    """By Tab, Enter and Space, and by shortcuts."""
    page = watched.page
    await watched.goto("/")
    await page.locator(".table").wait_for()
    await page.keyboard.press("/")
    await watched.shows("Search")
    await tab_to(watched, "input[type=search]")
    await page.keyboard.type("ten percent discount")
    await page.keyboard.press("Enter")
    await page.locator(".found").first.wait_for()
    await tab_to(watched, ".hit .play")
    await page.keyboard.press("Enter")
    await page.wait_for_function(f"() => {SOUND} && !{SOUND}.paused")
    await tab_to(watched, ".hit .hit-link")
    await page.keyboard.press("Enter")
    await page.locator(".said").first.wait_for()
    await page.keyboard.press("Space")
    await page.wait_for_function(f"() => {SOUND}.paused")


async def test_places_and_help_are_a_key_away(watched: Watched) -> None:
    """The first Tab leads past the navigation."""
    page = watched.page
    await watched.goto("/")
    await page.locator(".table").wait_for()
    await page.keyboard.press("Tab")
    assert "Skip to the content" == await page.evaluate("document.activeElement.innerText")
    await page.keyboard.press("g")
    await page.keyboard.press("f")
    await watched.shows("Failed")
    await page.keyboard.press("?")
    await page.get_by_role("dialog").wait_for()
    await page.keyboard.press("Escape")
    assert 0 == await page.get_by_role("dialog").count()


async def focused(watched: Watched) -> str:
    """What has the focus says so."""
    text: str = await watched.page.evaluate("document.activeElement.innerText")
    return " ".join(text.split())


async def test_a_recording_is_chosen_and_handed_in_without_a_mouse(watched: Watched) -> None:
    """With what is known of it; the call that it becomes is a Tab away."""
    page = watched.page
    await watched.goto("/upload")
    async with page.expect_file_chooser() as coming:
        await tab_to(watched, ".details summary")
        await page.keyboard.press("Enter")
        await tab_to(watched, "[name=agent]")
        await page.keyboard.type("Grace")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
    recording = FilePayload(name="by-keyboard.wav", mimeType="audio/wav", buffer=silence(3.0, 8000))
    await (await coming.value).set_files(recording)
    await page.get_by_role("link", name="Open the call").wait_for()

    await tab_to(watched, ".job-status a")
    await page.keyboard.press("Enter")
    await watched.shows("Call by Grace")


async def test_a_question_is_asked_and_its_proof_heard_without_a_mouse(watched: Watched) -> None:
    """The answer's first words play; their call is a Tab further."""
    page = watched.page
    await watched.goto("/")
    await page.locator(".table").wait_for()
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await watched.shows("Ask")
    await tab_to(watched, "textarea")
    await page.keyboard.type("Which discount can you offer if we sign for a year?")
    await page.keyboard.press("Enter")
    await page.locator(".answer .cited").first.wait_for()
    await page.locator(".answer-foot").wait_for()
    await tab_to(watched, ".cited .play")
    await page.keyboard.press("Enter")
    await page.wait_for_function(f"() => {SOUND} && !{SOUND}.paused")
    await tab_to(watched, ".cited-link")
    await page.keyboard.press("Enter")
    await page.locator(".said").first.wait_for()


async def leaves(watched: Watched, way: str | None) -> None:
    """Go around in a dialog, and leave it by that button, or by Escape."""
    page = watched.page
    await page.get_by_role("dialog").wait_for()
    for _ in range(8):
        await page.keyboard.press("Tab")
        assert await page.evaluate(WITHIN)
    if way is not None:
        await tab_to(watched, way)
    await page.keyboard.press("Escape" if way is None else "Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_call_is_done_again_without_a_mouse(opened: Open, scene: Scene) -> None:
    """The dialog keeps the focus for as long as it is there, and gives it back however it is left."""
    archive = scene.archive
    await archive.completed(call("c-again", "again"), spoken("pricing_review"), now(), agent="Emily")
    watched = await opened(await archive.key("again"))
    page = watched.page
    await watched.goto("/calls/c-again")
    await page.get_by_role("button", name="Do again").wait_for()
    await tab_to(watched, ".heading .actions > .button")
    for leave in (None, "dialog footer .button:not(.primary)", "dialog header .icon-button"):
        await page.keyboard.press("Enter")
        await leaves(watched, leave)
        assert "Do again" == await focused(watched), leave

    await page.keyboard.press("Enter")
    await tab_to(watched, "dialog [type=radio]")
    await page.keyboard.press("ArrowDown")
    await tab_to(watched, "dialog .primary")
    await page.keyboard.press("Enter")
    await page.get_by_text("Revision 2").wait_for()
    assert 0 == await page.get_by_role("dialog").count()


async def test_a_transcript_is_exported_without_a_mouse(watched: Watched) -> None:
    """Escape closes the menu and leads back to what opened it."""
    page = watched.page
    await watched.goto(f"/calls/{PRICING}")
    await page.locator(".menu").wait_for()
    await tab_to(watched, ".menu summary")
    await page.keyboard.press("Enter")
    await tab_to(watched, ".menu a")
    await page.keyboard.press("Escape")
    assert "Export" == await focused(watched)
    assert not await page.locator(".menu a").first.is_visible()

    await page.keyboard.press("Enter")
    await tab_to(watched, ".menu a")
    async with page.expect_download() as coming:
        await page.keyboard.press("Enter")
    assert f"{PRICING}.txt" == (await coming.value).suggested_filename


async def test_lines_are_gone_through_by_arrows(watched: Watched) -> None:
    """One of them is a stop of Tab's, and Enter plays it; arrows end at the first and at the last."""
    page, turns = watched.page, spoken("pricing_review").turns
    await watched.goto(f"/calls/{PRICING}")
    await page.locator(".said").first.wait_for()
    await tab_to(watched, ".line-time")
    await page.keyboard.press("ArrowUp")
    assert "0" == await page.evaluate(LINE)
    for _ in range(3):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    assert "2" == await page.evaluate(LINE)
    await page.keyboard.press("Enter")
    await watched.sounds_from(turns[2]["start_ms"] / 1000)
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Tab")
    assert "2" == await page.evaluate(LINE)

    for _ in turns:
        await page.keyboard.press("ArrowDown")
    assert str(len(turns) - 1) == await page.evaluate(LINE)
