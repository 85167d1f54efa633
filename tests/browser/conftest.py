"""A real browser before the real door; what it must never do is noted of every page."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from common.pipeline import ANALYZE, INGEST, TRANSCRIBE
from page_scene import Scene, call, now, open_scene, quiet, spoken
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from servers import Servers, named

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)
LINES = 3000
HOSTILE = "<script>window.canary = 1</script><img src=x onerror='window.canary = 2'>"
NOTED = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say once, for all of them, what is missing."""
    missing = pytest.mark.skip(reason="no chromium here: `make test-browser` installs Debian's where apt can")
    for item in items:
        if CHROMIUM is None and item.path.parent.name == "browser":
            item.add_marker(missing)


@dataclass
class Watched:
    """A page, and all it asked for and complained of."""

    page: Page
    scene: Scene
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text, said.location))

    def _heard(self, kind: str, text: str, location: Any) -> None:
        if kind == "error":
            self.complaints.append(f"{text} {location.get('url', '')}")

    async def goto(self, path: str) -> None:
        """Open one of the page's addresses."""
        await self.page.goto(f"{self.scene.url}{path}")

    async def settle(self) -> None:
        """Nothing was run that was said, asked of strangers, refused by the policy, or complained of."""
        assert await self.page.evaluate("typeof window.canary") == "undefined"
        assert [] == await self.page.evaluate("window.violations")
        assert [] == self.complaints
        ours = (f"{self.scene.url}/", f"{self.scene.store}/", "data:", "blob:", "about:")
        assert [] == [url for url in self.asked if not url.startswith(ours)]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory, server: Servers) -> AsyncIterator[Scene]:
    name = f"page-{uuid4().hex[:8]}"
    environment = {**os.environ, **named(server)}
    async with open_scene(tmp_path_factory.mktemp("page"), environment, name) as scene:
        await furnish(scene)
        yield scene


async def furnish(scene: Scene) -> None:
    """Three weeks of calls, and one of each kind that is shown differently."""
    archive, today = scene.archive, now()
    samples = ("pricing_review", "delivery_renewal", "product_demo")
    people = (("Dana", "Northwind"), ("Luis", "Ocean Logistics"), ("Dana", "Bluebird"))
    for n in range(9):
        (agent, company), at = people[n % 3], today - timedelta(days=2.2 * n, hours=1)
        await archive.completed(
            call(f"c-{samples[n % 3]}-{n}"), spoken(samples[n % 3]), at, agent=agent, company_name=company
        )
    await unfinished(scene)
    hostile = quiet(("agent", f"Hello {HOSTILE}"), ("customer", f"Your price {HOSTILE} is too high."))
    await archive.completed(call("c-hostile"), hostile, today - timedelta(days=1), agent=HOSTILE)


async def unfinished(scene: Scene) -> None:
    """Two that failed, each for its reason, and one in flight."""
    archive, today = scene.archive, now()
    said = spoken("product_demo")
    await archive.received(call("c-broken"), said, today, agent="Luis")
    await archive.failed(call("c-broken"), INGEST, "unreadable_audio", today)
    await archive.received(call("c-dear"), said, today, agent="Dana", company_name="Northwind")
    await archive.step(call("c-dear"), INGEST, today)
    await archive.failed(call("c-dear"), TRANSCRIBE, "budget_exceeded", today)
    await archive.received(call("c-moving"), said, today, agent="Dana")
    await archive.step(call("c-moving"), INGEST, today)
    await archive.step(call("c-moving"), TRANSCRIBE, today)
    await archive.journal.begin(call("c-moving"), ANALYZE, today)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, scene: Scene) -> AsyncIterator[Callable[..., Any]]:
    """Open pages as a test likes them; each is looked at when the test ends."""
    contexts: list[BrowserContext] = []
    pages: list[Watched] = []

    async def one(**options: Any) -> Watched:
        context = await browser.new_context(locale="en-GB", timezone_id="UTC", **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        await context.add_init_script(NOTED)
        pages.append(Watched(await context.new_page(), scene))
        return pages[-1]

    yield one
    for page in pages:
        await page.settle()
    for context in contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watched(opened: Callable[..., Any]) -> Watched:
    """A page of the common size."""
    page: Watched = await opened(viewport={"width": 1280, "height": 800})
    return page
