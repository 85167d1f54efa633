"""The page by keyboard, on a small screen, in both colours, for screen readers, for four hours of speech."""

from importlib.resources import files
from typing import Any

import pytest
from browser.conftest import HOURS, LINES, Open
from watched import SOUND, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "/": ".table",
    "/calls/c-pricing_review-0": ".said",
    "/calls/c-broken": ".note",
    "/search?q=discount": ".found",
    "/search": ".state",
    "/ask": ".state",
    "/overview?days=30": ".ranked",
    "/upload": ".drop",
    "/failed": ".failed-call",
    "/access": ".table",
    "/audit": ".table",
}
LONG_TASK = 200  # ms, in which somebody sees that nothing moves, on a machine that has other things to do
LONG_WAIT = 400  # ms, for the page itself to start
LONG_TASKS = """
window.long = [];
new PerformanceObserver(list => window.long.push(...list.getEntries().map(each => Math.round(each.duration))))
    .observe({type: "longtask", buffered: true});
"""
IN_SIGHT = """
n => {
    const [line, panel] = [`[data-n="${n}"]`, ".lines"].map(part => document.querySelector(part));
    const [at, within] = [line, panel].map(part => part.getBoundingClientRect());
    return at.top >= within.top && at.bottom <= within.bottom;
}
"""
FOUND = "() => getSelection().anchorNode.parentElement.closest('.line').dataset.n"


async def faults(watched: Watched, rules: object) -> list[tuple[str, list[str]]]:
    """What axe has against a page, and where."""
    await watched.page.evaluate(AXE)
    found: Any = await watched.page.evaluate("rules => axe.run({runOnly: rules})", rules)
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found["violations"]]


async def test_axe_finds_nothing(opened: Open, key: str) -> None:
    """In any view; only colours differ between light and dark."""
    # axe builds its reports from text, which Trusted Types rightly refuse to a page.
    watched = await opened(key, color_scheme="light", bypass_csp=True, reduced_motion="reduce")
    found = {}
    for path, part in VIEWS.items():
        await watched.goto(path)
        await watched.page.locator(part).first.wait_for()
        found["light", path] = await faults(watched, {"type": "tag", "values": TAGS})
        await watched.page.emulate_media(color_scheme="dark")
        found["dark", path] = await faults(watched, ["color-contrast"])
        await watched.page.emulate_media(color_scheme="light")

    assert [] == [(view, fault) for view, faulty in found.items() for fault in faulty]


async def test_nothing_is_wider_than_a_small_screen(opened: Open, key: str) -> None:
    """360 pixels are enough for any view."""
    watched = await opened(key, viewport={"width": 360, "height": 740})
    widths = {}
    for path, part in VIEWS.items():
        await watched.goto(path)
        await watched.page.locator(part).first.wait_for()
        widths[path] = await watched.page.evaluate("document.documentElement.scrollWidth")

    assert {} == {path: width for path, width in widths.items() if width > 360}


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


async def longest(watched: Watched) -> int:
    """How long the page was busy at most since this was asked before, in ms."""
    took: int = await watched.page.evaluate("Math.max(0, ...window.long.splice(0))")
    return took


async def open_long(watched: Watched, query: str = "") -> None:
    """The call of four hours, with all of its lines."""
    await watched.goto(f"/calls/c-long{query}")
    await watched.page.wait_for_function(f"() => document.querySelectorAll('.said').length === {LINES}")
    await watched.page.wait_for_load_state("networkidle")


async def test_four_hours_open_scroll_and_seek_without_jank(watched: Watched) -> None:
    """3,000 lines hold the page up neither when they come nor when they move."""
    page = watched.page
    await page.add_init_script(LONG_TASKS)
    await open_long(watched)
    opening = await longest(watched)

    await page.locator(".transcript").hover()
    for _ in range(20):
        await page.mouse.wheel(0, 4000)
    line = page.locator(".said").nth(LINES - 500)
    await line.scroll_into_view_if_needed()
    await line.click()
    await watched.sounds_from((LINES - 500) * HOURS * 3600 / LINES)
    await page.locator(f'[data-n="{LINES - 500}"][aria-current]').wait_for()

    assert opening <= LONG_WAIT
    assert await longest(watched) <= LONG_TASK


async def test_each_of_3000_lines_is_found_and_led_to(watched: Watched) -> None:
    """By a link to its moment and by a search in the page; most are not laid out, and all are one list."""
    page, linked, sought = watched.page, LINES - 700, LINES - 100
    await open_long(watched, f"?t={linked * HOURS * 3_600_000 // LINES + 100}")
    await page.locator(f'[data-n="{linked}"][aria-current]').wait_for()
    await page.wait_for_function(IN_SIGHT, arg=linked)
    told = page.get_by_role("region", name="What was said").get_by_role("list").get_by_role("listitem")
    assert LINES == await told.count()

    assert await page.evaluate("text => window.find(text)", f"said in line {sought},")
    assert str(sought) == await page.evaluate(FOUND)
