"""Recordings handed in as people do it: dropped on the page, or so large that they go in parts."""

from pathlib import Path
from typing import Any, Final, Literal

import httpx
import pytest
from ingest.parted import SMALLEST_PART
from onebox.cloudformation import template
from page_scene import MAX_UPLOAD, Scene, call, silence
from playwright.async_api import Locator, expect
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

RATE: Final = 8000  # bytes a second
SECONDS: Final = (SMALLEST_PART + MAX_UPLOAD) // RATE
SIZE: Final = SECONDS * RATE + 44  # bytes, with a WAV file's head: two parts
NAMES: Final = {"Id": "ID", "ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds"}  # as S3 says it
STRANGER: Final = "http://elsewhere.test"
BARS: Final = """
window.bars = [];
new MutationObserver(() => {
    const bar = document.querySelector("progress");
    if (bar) window.bars.push(bar.value / bar.max);
}).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
"""


async def drag(watched: Watched, onto: Locator, *files: Path) -> None:
    """Take files from this machine over the page and let go of them there, as a hand does."""
    box = await onto.bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    held = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    hand = await watched.page.context.new_cdp_session(watched.page)
    steps: tuple[Literal["dragEnter", "dragOver", "drop"], ...] = ("dragEnter", "dragOver", "drop")
    for step in steps:
        await hand.send("Input.dispatchDragEvent", {"type": step, **at, "data": held})
    await hand.detach()


def card(watched: Watched, name: str) -> Locator:
    """What the page says of a file."""
    return watched.page.locator(".job", has=watched.page.get_by_role("heading", name=name))


async def entered(watched: Watched, name: str) -> str:
    """The call that a file became."""
    link = card(watched, name).get_by_role("link", name="Open the call")
    return (await link.get_attribute("href") or "").removeprefix("/calls/")


async def test_a_recording_dropped_on_the_page_is_taken_as_a_chosen_one_is(
    watched: Watched, tmp_path: Path
) -> None:
    """Beside the marked place, too, where a browser would leave for the file."""
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    for file, seconds in ((first, 1.5), (second, 2.5)):
        file.write_bytes(silence(seconds, RATE))
    await watched.goto("/upload")
    await drag(watched, watched.page.locator(".drop"), first)
    await card(watched, first.name).get_by_text("Received").wait_for()
    await drag(watched, watched.page.get_by_role("heading", level=1), second)
    await card(watched, second.name).get_by_text("Received").wait_for()

    calls = [call(await entered(watched, each.name)) for each in (first, second)]
    entries = [await watched.scene.archive.journal.find(key.tenant_id, key.call_id) for key in calls]
    assert ["uploaded", "uploaded"] == [entry.status if entry else None for entry in entries]


async def test_what_is_no_recording_is_refused_in_words_and_not_sent(
    watched: Watched, tmp_path: Path
) -> None:
    """A text, a folder and an empty file; the recording that came with them goes on."""
    (tmp_path / "notes.txt").write_text("Call them back.")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "nothing.wav").touch()
    (tmp_path / "call.wav").write_bytes(silence(1.0, 8000))
    await watched.goto("/upload")
    names = ("notes.txt", "recordings", "nothing.wav", "call.wav")
    await drag(watched, watched.page.locator(".drop"), *(tmp_path / name for name in names))

    await card(watched, "call.wav").get_by_role("link", name="Open the call").wait_for()
    await expect(card(watched, "notes.txt").get_by_role("alert")).to_contain_text("This is no recording.")
    await expect(card(watched, "recordings").get_by_role("alert")).to_contain_text("or a folder")
    await expect(card(watched, "nothing.wav").get_by_role("alert")).to_contain_text("This is empty")
    sent = [url for url in watched.asked if url.endswith("/api/v1/calls/upload")]
    assert 1 == len(sent)
    assert 0 == await watched.page.get_by_role("button", name="Try again").count()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A recording of more than one request, and more than one part."""
    file = tmp_path / "meeting.wav"
    file.write_bytes(silence(SECONDS, RATE))
    assert SIZE == file.stat().st_size
    return file


async def allow(scene: Scene, origin: str) -> None:
    """Give the bucket the rule that our template gives it where ``PageOrigin`` is *origin*."""
    cors: Any = template()["Resources"]["AudioBucket"]["Properties"]["CorsConfiguration"]
    (rule,) = cors["Fn::If"][1]["CorsRules"]
    told = {NAMES.get(name, name): value for name, value in rule.items()} | {"AllowedOrigins": [origin]}
    stage = scene.archive.backstage
    await stage.s3.put_bucket_cors(Bucket=stage.audio, CORSConfiguration={"CORSRules": [told]})


async def heeds(scene: Scene) -> bool:
    """Whether the store keeps to the rule: some stand-ins answer any page."""
    place = f"{scene.store}/{scene.archive.backstage.audio}/recording"
    asked = {"Origin": "http://third.test", "Access-Control-Request-Method": "PUT"}
    async with httpx.AsyncClient() as client:
        answer = await client.options(place, headers=asked)
    return answer.headers.get("Access-Control-Allow-Origin") is None


async def size_of(scene: Scene, call_id: str) -> int:
    """Bytes of a call's recording in the store."""
    stage = scene.archive.backstage
    listed = await stage.s3.list_objects_v2(Bucket=stage.audio)
    (size,) = (
        each["Size"] for each in listed["Contents"] if call_id in each["Key"] and each["Key"].endswith(".wav")
    )
    return int(size)


async def test_a_large_recording_goes_in_parts_into_the_store(
    watched: Watched, scene: Scene, large: Path
) -> None:
    """Past the door, to the store's own origin, by our template's rule for pages; the bar moves meanwhile."""
    await allow(scene, scene.url)
    watched.expected = {413}  # of the door, for the whole at once
    await watched.goto("/upload")
    await watched.page.evaluate(BARS)
    await watched.page.get_by_label("Choose recordings").set_input_files(large)
    taken = await entered(watched, large.name)

    parts = {url for url in watched.asked if url.startswith(f"{scene.store}/") and "partNumber=" in url}
    assert 2 == len(parts)
    shown = await watched.page.evaluate(
        "window.bars.slice(window.bars.lastIndexOf(0))"
    )  # since it began anew
    assert any(0 < share < 1 for share in shown), shown
    assert SIZE == await size_of(scene, taken)


async def test_a_store_that_does_not_know_the_page_s_origin_takes_nothing(
    watched: Watched, scene: Scene, large: Path
) -> None:
    """What helps is the rule: without it the upload ends in words, and is not on the page for ever."""
    await allow(scene, STRANGER)
    if not await heeds(scene):
        pytest.skip("this store answers pages of every origin; a real one is named by AWS_ENDPOINT_URL_S3")
    watched.expected = {413}
    await watched.goto("/upload")
    await watched.page.get_by_label("Choose recordings").set_input_files(large)
    told = card(watched, large.name).get_by_role("alert")

    await told.get_by_text("cannot be reached").wait_for()  # after the last try of a part
    assert watched.complaints
    assert [] == [each for each in watched.complaints if not ("CORS" in each or scene.store in each)]
    watched.complaints.clear()
