"""A real browser before the real door; what it must never do is noted of every page."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from common.pipeline import ANALYZE, INGEST, TRANSCRIBE
from page_scene import LONG_RATE, Scene, call, now, open_scene, quiet, spoken
from playwright.async_api import Browser, BrowserContext, async_playwright
from servers import Servers, named

pytest.register_assert_rewrite("watched")
from watched import NOTED, Watched  # noqa: E402 - what it asserts is told in full only then

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
LINES, HOURS = 3000, 4
HOSTILE = "<script>window.canary = 1</script><img src=x onerror='window.canary = 2'>"

Open = Callable[..., Awaitable[Watched]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say of all of them what is missing."""
    missing = pytest.mark.skip(reason="no chromium here: `make test-browser` installs Debian's where apt can")
    for item in items:
        if CHROMIUM is None and item.path.parent.name == "browser":
            item.add_marker(missing)


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
    people = (("Daniel", "Bluefin Finance"), ("Emily", "Harbour Retail"), ("Robert", "Boston Dental"))
    for n in range(9):
        (agent, company), at = people[n % 3], today - timedelta(days=2.2 * n, hours=1)
        key = call(f"c-{samples[n % 3]}-{n // 3}")
        await archive.completed(key, spoken(samples[n % 3]), at, agent=agent, company_name=company)
    hostile = quiet(("agent", f"Hello {HOSTILE}"), ("customer", f"Your price {HOSTILE} is too high."))
    await archive.completed(
        call("c-hostile"), hostile, today - timedelta(days=1), agent=HOSTILE, company_name=HOSTILE
    )
    await archive.completed(call("c-named"), hostile, today - timedelta(days=1), filename=f"{HOSTILE}.wav")
    await unfinished(scene)
    await endless(scene)


async def unfinished(scene: Scene) -> None:
    """Two that failed, each for its reason, and one in flight."""
    archive, today = scene.archive, now()
    said = spoken("product_demo")
    await archive.received(call("c-broken"), said, today, agent="Emily")
    await archive.failed(call("c-broken"), INGEST, "unreadable_audio", today)
    await archive.received(call("c-dear"), said, today, agent="Daniel", company_name="Northwind")
    await archive.step(call("c-dear"), INGEST, today)
    await archive.failed(call("c-dear"), TRANSCRIBE, "budget_exceeded", today)
    await archive.received(call("c-moving"), said, today, agent="Robert", company_name="Green Valley")
    await archive.step(call("c-moving"), INGEST, today)
    await archive.step(call("c-moving"), TRANSCRIBE, today)
    await archive.journal.begin(call("c-moving"), ANALYZE, today)


async def endless(scene: Scene) -> None:
    """Four hours in 3,000 lines."""
    turns = (
        ("agent" if n % 2 else "customer", f"This is what is said in line {n}, and it is of some length.")
        for n in range(LINES)
    )
    said = quiet(*turns, seconds_each=HOURS * 3600 / LINES, rate=LONG_RATE)
    at = now() - timedelta(days=200)
    await scene.archive.read_only(call("c-long"), said, at, agent="Dana", company_name="Longford")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def key(scene: Scene) -> str:
    """Of an administrator of the tenant whose calls these are."""
    return await scene.archive.key("default")


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, scene: Scene) -> AsyncIterator[Open]:
    """Open pages as a test likes them, signed in by a key if it gives one; each is judged at its end."""
    contexts: list[BrowserContext] = []
    pages: list[Watched] = []

    async def one(key: str | None = None, *, at: Scene = scene, **options: Any) -> Watched:
        context = await browser.new_context(locale="en-GB", timezone_id="UTC", **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        await context.add_init_script(NOTED)
        if key:
            await context.request.post(f"{at.url}/api/v1/session", data={"key": key})
        pages.append(Watched(await context.new_page(), at))
        return pages[-1]

    yield one
    try:
        for page in pages:
            await page.settle()
    finally:
        for context in contexts:
            await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def watched(opened: Open, key: str) -> Watched:
    """A page of the common size, signed in."""
    return await opened(key, viewport={"width": 1280, "height": 800})
