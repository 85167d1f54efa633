"""The pictures of README are of the page as it is: `SHOTS=1 make test-browser` takes them anew."""

import os
from pathlib import Path

import pytest
from browser.conftest import Open
from page_scene import PRICING
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "services" / "ingest" / "page" / "screenshots"


async def picture(watched: Watched, name: str, folder: Path) -> None:
    """As large as it is shown."""
    place = (KEPT if os.environ.get("SHOTS") else folder) / name
    await watched.page.screenshot(path=place, animations="disabled")
    assert place.read_bytes().startswith(b"\x89PNG")
    assert (KEPT / name).is_file()
    assert f"services/ingest/page/screenshots/{name}" in (ROOT / "README.md").read_text("utf-8")


async def test_one_call_and_a_search_are_pictured(opened: Open, key: str, tmp_path: Path) -> None:
    """Light, on a laptop's screen."""
    watched = await opened(key, viewport={"width": 1280, "height": 800}, color_scheme="light")
    await watched.goto(f"/calls/{PRICING}?t=54600")
    await watched.page.locator(".finding").first.wait_for()
    await watched.page.locator(".waveform").first.wait_for()
    await watched.page.wait_for_load_state("networkidle")
    await picture(watched, "call.png", tmp_path)
    await watched.goto("/search?q=too+expensive&mode=words")
    await watched.page.locator(".found mark").first.wait_for()
    await picture(watched, "search.png", tmp_path)
