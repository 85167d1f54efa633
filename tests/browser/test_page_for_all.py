"""The page for screen readers, in both colours, and on a small screen: each view, and what opens in them."""

from asyncio import Event
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

import pytest
from browser.conftest import Open
from page_scene import PRICING, silence
from playwright.async_api import FilePayload, Route
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL: Final = 360  # px
VIEWS = {
    "/": ".table",
    f"/calls/{PRICING}": ".said",
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
RECORDING: Final = FilePayload(
    name="a-recording-whose-name-is-longer-than-a-phone-is-wide-2026-11-23.wav",
    mimeType="audio/wav",
    buffer=silence(1.0, 8000),
)
TOO_WIDE: Final = """
width => [...document.querySelectorAll("dialog[open], dialog[open] :not(.visually-hidden), .menu[open] > ul")]
    .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
    .filter(([, {left, right}]) => left < 0 || right > width)
    .map(([what]) => what)
    .concat(document.documentElement.scrollWidth > width ? ["html"] : [])
"""


async def answered(watched: Watched) -> None:
    """A question, its answer, and what it rests on."""
    await watched.goto("/ask")
    await watched.page.get_by_label("Your question").fill(
        "Which discount can you offer if we sign for a year?"
    )
    await watched.page.keyboard.press("Enter")
    await watched.page.locator(".answer-foot").wait_for()


async def redoing(watched: Watched) -> None:
    """A dialog that asks from where on."""
    await watched.goto(f"/calls/{PRICING}")
    await watched.page.get_by_role("button", name="Do again").click()
    await watched.page.get_by_role("dialog").wait_for()


async def exporting(watched: Watched) -> None:
    """An open menu."""
    await watched.goto(f"/calls/{PRICING}")
    await watched.page.get_by_text("Export", exact=True).click()
    await watched.page.get_by_role("link", name="JSON").wait_for()


async def helped(watched: Watched) -> None:
    """The shortcuts."""
    await watched.goto("/search")
    await watched.page.get_by_role("button", name="Keyboard shortcuts").click()
    await watched.page.get_by_role("dialog").wait_for()


async def narrowing(watched: Watched) -> None:
    """Every field of a search."""
    await watched.goto("/search")
    await watched.page.get_by_text("Narrow down").click()
    await watched.page.get_by_label("Agent").wait_for()


async def making(watched: Watched) -> None:
    """What a key is to be."""
    await watched.goto("/access")
    await watched.page.get_by_role("button", name="Make a key").click()
    await watched.page.get_by_label("What it is for").wait_for()


async def made(watched: Watched) -> None:
    """A key where it is shown."""
    await making(watched)
    await watched.page.get_by_label("What it is for").fill("seen by everybody")
    await watched.page.get_by_role("button", name="Make the key").click()
    await watched.page.get_by_label("API key").wait_for()


async def revoking(watched: Watched) -> None:
    """A question before a deed that cannot be undone."""
    await watched.goto("/access")
    await watched.page.get_by_role("button", name="Revoke").first.click()
    await watched.page.get_by_role("dialog").wait_for()


async def sending(watched: Watched) -> None:
    """An upload under way."""
    await watched.goto("/upload")
    await watched.page.get_by_label("Choose recordings").set_input_files(RECORDING)
    await watched.page.get_by_role("progressbar").wait_for()


async def signing_in(watched: Watched) -> None:
    """The way in, for who is nobody any more: it has to be the last."""
    await watched.page.context.clear_cookies()
    await watched.goto("/login")
    await watched.page.get_by_label("API key").wait_for()


def opening(path: str, part: str) -> Callable[[Watched], Awaitable[None]]:
    """A view as it is at first."""

    async def to(watched: Watched) -> None:
        await watched.goto(path)
        await watched.page.locator(part).first.wait_for()

    return to


OPENED = {
    answered: "main",
    redoing: "dialog",
    exporting: ".heading",
    helped: "dialog",
    narrowing: "search",
    making: "dialog",
    made: "dialog",
    revoking: "dialog",
    sending: "main",
    signing_in: "html",
}
# how each is reached, and the part of it that is its own
STATES = {path: (opening(path, part), "html") for path, part in VIEWS.items()}
STATES |= {to.__name__: (to, part) for to, part in OPENED.items()}


@asynccontextmanager
async def held_up(watched: Watched) -> AsyncIterator[None]:
    """No upload is taken before the end."""
    over = Event()

    async def hold(route: Route) -> None:
        await over.wait()
        await route.fallback()

    await watched.page.route("**/api/v1/calls/upload", hold)
    watched.expected = {401}
    yield
    over.set()
    await watched.page.unroute_all(behavior="ignoreErrors")


async def faults(watched: Watched, part: str, rules: object) -> list[tuple[str, list[str]]]:
    """What axe has against a part of a page, and where."""
    if not await watched.page.evaluate("'axe' in window"):
        await watched.page.evaluate(AXE)
    found: Any = await watched.page.evaluate("([part, runOnly]) => axe.run(part, {runOnly})", [part, rules])
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found["violations"]]


async def test_axe_finds_nothing(opened: Open, key: str) -> None:
    """In any view, nor in what opens in it; only colours differ between light and dark."""
    # axe builds its reports from text, which Trusted Types rightly refuse to a page.
    watched = await opened(key, color_scheme="light", bypass_csp=True, reduced_motion="reduce")
    found = {}
    async with held_up(watched):
        for name, (to, part) in STATES.items():
            await to(watched)
            found["light", name] = await faults(watched, part, {"type": "tag", "values": TAGS})
            await watched.page.emulate_media(color_scheme="dark")
            found["dark", name] = await faults(watched, part, ["color-contrast"])
            await watched.page.emulate_media(color_scheme="light")

    assert [] == [(view, fault) for view, faulty in found.items() for fault in faulty]


async def test_nothing_is_wider_than_a_small_screen(opened: Open, key: str) -> None:
    """Nor is any part of a dialog or of a menu beyond its edge."""
    watched = await opened(key, viewport={"width": SMALL, "height": 740})
    found = {}
    async with held_up(watched):
        for name, (to, _) in STATES.items():
            await to(watched)
            found[name] = await watched.page.evaluate(TOO_WIDE, SMALL)

    assert {} == {name: wide for name, wide in found.items() if wide}
