"""From a recording to an answer, as a sales manager goes."""

import json
import re
from pathlib import Path

import pytest
from browser.conftest import Open
from common.pipeline import ANALYZE, EMBED, STATUSES, TRANSCRIBE
from onebox.expectations import sample
from page_scene import HEARD, INDEXED, PRICING, READ, Scene, call, now, quiet, spoken
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEIGHTS = "bars => bars.map(bar => [bar, bar.querySelector('.spent')].map(each => each.offsetHeight))"
DISCOUNT = 62.9  # seconds into it, where a discount is offered


async def test_a_recording_is_watched_on_its_way_and_then_opened(watched: Watched) -> None:
    """Each stage is shown while it works, without the page being asked to."""
    page, archive, said = watched.page, watched.scene.archive, spoken("product_demo")
    await watched.goto("/upload")
    await page.get_by_label("Choose recordings").set_input_files(sample("product_demo").recording)
    link = page.get_by_role("link", name="Open the call")
    key = call((await link.get_attribute("href") or "").removeprefix("/calls/"))
    status = page.locator(".job-status .badge")

    await archive.journal.begin(key, TRANSCRIBE, now())
    await status.get_by_text("Transcribing").wait_for()
    await archive.heard(key, said)
    await archive.drawn(key, said)
    await archive.step(key, TRANSCRIBE, now(), HEARD)
    await archive.journal.begin(key, ANALYZE, now())
    await status.get_by_text("Analyzing").wait_for()
    await archive.concluded(key, said)
    await archive.step(key, ANALYZE, now(), READ)
    await archive.step(key, EMBED, now(), INDEXED)
    await status.get_by_text("Completed").wait_for()
    await link.click()
    await page.get_by_text("Many patients miss their appointments").first.wait_for()


async def test_a_quote_plays_from_where_it_was_said(watched: Watched) -> None:
    """And a click on a line, from its beginning."""
    await watched.goto(f"/calls/{PRICING}")
    objection = watched.page.locator(".finding", has_text="That is too expensive for us").first

    await objection.get_by_role("button", name="Play from 0:54").click()
    await watched.sounds_from(54.58)
    await watched.page.locator(".said", has_text="If you sign for a year, I can offer").click()
    await watched.sounds_from(DISCOUNT)


async def test_what_was_said_is_found_and_played_where_it_is_found(watched: Watched) -> None:
    """A passage leads to its moment."""
    await watched.goto("/search")
    await watched.page.get_by_label("Words or a question").fill("ten percent discount")
    await watched.page.keyboard.press("Enter")
    first = watched.page.locator(".found").first
    await first.locator("mark", has_text="discount").first.wait_for()

    await first.get_by_role("button", name="Play from 1:02").first.click()
    await watched.sounds_from(DISCOUNT)
    await first.get_by_role("link", name="at 1:02").first.click()
    await watched.page.wait_for_url("**/calls/c-pricing_review-*?t=629*")


async def test_a_passage_shows_the_lines_that_were_found_and_what_lies_between(watched: Watched) -> None:
    """It plays from the first of them on; its speakers are named as in the transcript."""
    await watched.goto("/search?q=spreadsheet+frustrated&mode=words&agent=Daniel")
    await watched.page.get_by_role("button", name="1 more passage").first.click()
    hit = watched.page.locator(".hit", has_text="Lines are left out here.").first
    await hit.locator("mark", has_text="frustrated").wait_for()

    told = await hit.locator(".told").all_inner_texts()
    assert ["Agent", "Customer", "…", "Customer", "Agent"] == [
        re.findall("^(?:Agent|Customer|…)", line)[0] for line in told
    ]
    assert "customer:" not in await hit.inner_text()
    await hit.get_by_role("button", name="Play from 0:16").click()
    await watched.sounds_from(16.3)


async def test_every_passage_of_a_call_can_be_seen(watched: Watched) -> None:
    """The best few at once, the others when they are asked for."""
    await watched.goto("/search?q=reports&agent=Daniel")
    call = watched.page.locator(".found").first
    more = call.get_by_role("button", name="more passages")
    hidden = int((await more.inner_text()).split()[0])
    shown = await call.locator(".hit").count()
    await more.click()
    await more.wait_for(state="detached")

    assert min(20, shown + hidden) == await call.locator(".hit").count()


async def test_a_question_is_answered_with_words_that_play(watched: Watched) -> None:
    """What nobody said is not answered."""
    page = watched.page
    await watched.goto("/ask")
    await page.get_by_label("Your question").fill("Which discount can you offer if we sign for a year?")
    await page.keyboard.press("Enter")
    answer = page.locator(".answer").first
    await answer.get_by_text("cost nothing").wait_for()

    await answer.get_by_role("button", name="Play from 1:").first.click()
    await watched.sounds_from(66)
    await page.get_by_label("Your question").fill("Which bridge crosses the river near Paris by night?")
    await page.keyboard.press("Enter")
    await page.get_by_text("The calls do not say.").wait_for()
    await page.get_by_text("No sentence of the calls could be quoted as an answer.").wait_for()
    await page.get_by_text("A language model answers more.").wait_for()


async def test_a_transcript_is_exported(watched: Watched, tmp_path: Path) -> None:
    """As a file, with the call's own words."""
    await watched.goto(f"/calls/{PRICING}")
    await watched.page.get_by_text("Export", exact=True).click()
    async with watched.page.expect_download() as coming:
        await watched.page.get_by_role("link", name="JSON").click()
    await (await coming.value).save_as(tmp_path / "call.json")

    told = json.loads((tmp_path / "call.json").read_text("utf-8"))
    assert [turn["text"] for turn in spoken("pricing_review").turns] == [
        each["text"] for each in told["utterances"]
    ]


async def test_a_failed_call_says_why_and_is_done_again(watched: Watched) -> None:
    """In plain words; where only another recording helps, no redo is offered."""
    page = watched.page
    await watched.goto("/failed")
    broken = page.locator(".failed-call", has_text="Call by Emily")
    dear = page.locator(".failed-call", has_text="Northwind")
    await broken.get_by_text("The recording is damaged").wait_for()
    assert 0 == await broken.get_by_role("button").count()

    await dear.get_by_text("The budget for this call or this day is used up.").wait_for()
    await dear.get_by_role("button", name="Do it again").click()
    await page.get_by_role("dialog").get_by_role("button", name="Do it again").click()
    await dear.get_by_text("On its way again").wait_for()


async def test_a_period_is_summed_up_and_each_sum_leads_to_its_calls(watched: Watched) -> None:
    """What most calls have in common leads to a search for it."""
    page = watched.page
    await watched.goto("/overview?days=30")
    await page.get_by_role("heading", name="Pain points").wait_for()
    spent = page.locator(".figure", has_text="Spent")
    assert "US$" in await spent.inner_text()
    drawn = await page.locator(".column-bar:has(.spent)").evaluate_all(HEIGHTS)
    assert any(bar > 0 for bar, _ in drawn)
    assert [] == [each for each in drawn if each[0] != each[1]]

    await page.get_by_role("link", name="Bluebird", exact=True).click()
    await watched.shows("Search")
    await page.locator(".found mark", has_text="Bluebird").first.wait_for()


async def test_a_call_that_is_done_again_is_listed_once(opened: Open, scene: Scene) -> None:
    """By its newest revision, which says what it keeps; a file's name is better than no name."""
    archive, key = scene.archive, call("c-twice", "twice")
    await archive.read_only(key, quiet(("agent", "Hello.")), now(), filename="demo.wav")
    before = await archive.journal.find("twice", "c-twice")
    assert before is not None
    await archive.journal.redo(before, ANALYZE, STATUSES.index("transcribed"), now())
    watched = await opened(await archive.key("twice"))
    await watched.goto("/")
    row = watched.page.locator("tbody tr")
    await row.get_by_text("revision 2").wait_for()
    assert 1 == await row.count()

    await row.get_by_role("link", name="demo.wav").click()
    await watched.shows("demo.wav")
    kept = watched.page.get_by_text("Kept from an earlier revision")
    await kept.first.wait_for()
    assert 2 == await kept.count()


async def test_a_period_in_which_nothing_was_paid_says_so(opened: Open, scene: Scene) -> None:
    """Instead of an empty chart."""
    archive, key, said = scene.archive, call("c-free", "free"), spoken("product_demo")
    await archive.received(key, said, now())
    await archive.heard(key, said)
    await archive.concluded(key, said)
    watched = await opened(await archive.key("free"))
    await watched.goto("/overview?days=30")

    await watched.page.get_by_text("Nothing was paid in this period.").wait_for()
