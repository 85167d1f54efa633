"""The page for screen readers, in both colours, and on a small screen: each view, and what opens in them."""

from importlib.resources import files
from typing import Any

import pytest
from browser.conftest import Open
from watched import Watched

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
