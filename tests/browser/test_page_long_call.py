"""Four hours of speech in 3,000 lines are opened, scrolled, searched and sought without a jolt."""

import pytest
from browser.conftest import HOURS, LINES
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG_TASK = 100  # ms, after which somebody sees that nothing moves
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
