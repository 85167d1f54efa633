"""One call's cards tell its figures, its player obeys, and the list of calls moves and narrows."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest
import pytest_asyncio
from browser.conftest import Open
from common.entry import Failure
from common.pipeline import ANALYZE, EMBED, INGEST, TRANSCRIBE
from page_scene import HEARD, INDEXED, PRICING, READ, Scene, call, now, spoken
from playwright.async_api import Locator, expect
from watched import SOUND, Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIPBOARD = ["clipboard-read", "clipboard-write"]
SOON: Final = 20_000  # ms
MOODS = """
chart => {
    const frame = chart.getBoundingClientRect(), half = frame.height / 2;
    const boxes = what => [...chart.querySelectorAll(what)].map(each => each.getBoundingClientRect());
    const above = at => 1 - (at - frame.top) / half;
    return {
        bars: boxes(".mood-bar").map(({top, bottom}) => above(top) + above(bottom)),
        dots: boxes(".mood-dot").map(({left, right, top, bottom}) =>
            [((left + right) / 2 - frame.left) / frame.width, above((top + bottom) / 2)]),
    };
}
"""
DRAWN = """
bands => {
    const roots = [...document.querySelectorAll(".waveform > div")].map(host => host.shadowRoot);
    const canvases = band => [...band.querySelectorAll("canvas")];
    const painted = canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.some(value => value > 0);
    return bands === roots.flatMap(root => [...root.querySelectorAll(".canvases > *")])
        .filter(band => canvases(band).some(painted)).length;
}
"""


async def facts(card: Locator) -> dict[str, str]:
    """What a card tells, by name."""
    names, values = card.locator("dt"), card.locator("dd")
    return dict(zip(await names.all_inner_texts(), await values.all_inner_texts(), strict=True))


def region(watched: Watched, name: str) -> Locator:
    """A card."""
    return watched.page.get_by_role("region", name=name)


async def test_who_talked_how_much_is_told_and_drawn(watched: Watched) -> None:
    """Of all that was said, and in how many questions."""
    said = spoken("pricing_review")
    await watched.goto(f"/calls/{PRICING}")
    card = region(watched, "Talk time")
    await card.get_by_role("row").nth(2).wait_for()

    agent, customer = (
        [turn for turn in said.turns if turn["speaker"] == speaker] for speaker in ("agent", "customer")
    )
    talked = [sum(turn["end_ms"] - turn["start_ms"] for turn in turns) for turns in (agent, customer)]
    bars = card.locator(".talk-bar span")
    assert [f"{part / sum(talked):.0%}" for part in talked] == await bars.all_inner_texts()
    wide = [(await bars.nth(n).bounding_box() or {"width": 0.0})["width"] for n in (0, 1)]
    assert talked[0] / sum(talked) == pytest.approx(wide[0] / sum(wide), abs=0.01)
    rows = [await card.get_by_role("row").nth(n).locator("th, td").all_inner_texts() for n in (1, 2)]
    asked = [sum(turn["text"].endswith("?") for turn in turns) for turns in (agent, customer)]
    assert [
        [name, f"{ms / 1000:.0f} secs", str(questions)]
        for name, ms, questions in zip(("Agent", "Customer"), talked, asked, strict=True)
    ] == [[row[0], row[1], row[3]] for row in rows]
    silence = 1 - sum(talked) / said.duration_ms
    assert (await card.locator("p").inner_text()).startswith(f"{silence:.1%} silence")


async def test_how_a_call_sounded_is_drawn_where_it_was_said(watched: Watched) -> None:
    """A bar a quarter, a dot a line that stands out: as high as its score, as far on as its moment."""
    said = spoken("pricing_review")
    felt = said.felt["sentiment"]
    starts = {f"u{n}": turn["start_ms"] / said.duration_ms for n, turn in enumerate(said.turns, start=1)}
    await watched.goto(f"/calls/{PRICING}")
    chart = region(watched, "Sentiment").locator(".mood-chart")
    await chart.wait_for()
    drawn: Any = await chart.evaluate(MOODS)

    scores = [each["score"] for each in felt["by_quarter"]]
    scale = drawn["bars"][0] / scores[0]
    assert 0.5 < scale <= 1
    assert [score * scale for score in scores] == pytest.approx(drawn["bars"], abs=0.03)
    dots = [(starts[each["utterance_id"]], each["score"] * scale) for each in felt["utterances"]]
    assert dots == [pytest.approx(dot, abs=0.03) for dot in drawn["dots"]]
    told = await facts(region(watched, "Sentiment"))
    assert {"Agent": "Positive +0.4", "Customer": "Mixed +0.6"} == told


async def test_what_a_call_cost_and_how_well_it_went_is_told(watched: Watched) -> None:
    """In all, and of each stage with its time and its model."""
    analysis = await watched.scene.archive.analyses.latest(call(PRICING))
    assert analysis is not None
    quality = analysis.quality_validation
    assert quality is not None
    await watched.goto(f"/calls/{PRICING}")
    await watched.page.get_by_role("heading", name="Quality and cost").wait_for()

    told = await facts(region(watched, "Quality and cost"))
    score = f"{100 * quality.score:.1f}".removesuffix(".0")
    assert {
        "Heard": "100% of the speech",
        "Analysis": f"{quality.level.capitalize()} confidence ({score}%)",
        "Cost": "US$0.011",
    } == {name: told[name] for name in ("Heard", "Analysis", "Cost")}
    assert told["Recording"].startswith("opus, 2 channels")
    steps = region(watched, "Way through the stages").get_by_role("listitem")
    assert [
        "Check Done took 0.4 secs",
        "Transcribe Done took 21 secs · gpt-transcribe · US$0.0068",
        "Analyze Done took 8.2 secs · gpt-6-luna · US$0.0041",
        "Index Done took 0.9 secs · text-embedding-3-small · US$0.0001",
    ] == [" ".join(step.split()) for step in await steps.all_inner_texts()]


async def test_attempts_that_failed_are_counted_until_one_succeeds(opened: Open, scene: Scene) -> None:
    """With what is wrong, in plain words."""
    archive, key, at = scene.archive, call("c-tried", "tried"), now()
    await archive.received(key, spoken("product_demo"), at, agent="Robert")
    await archive.step(key, INGEST, at)
    for tries in range(2):
        await archive.journal.begin(key, TRANSCRIBE, at)
        failure = Failure(
            stage="transcribe", reason="provider_busy", message="busy", timestamp=at, retry_count=tries
        )
        await archive.journal.fail(key, TRANSCRIBE, at, failure, final=False)
    watched = await opened(await archive.key("tried"))
    await watched.goto("/calls/c-tried")
    step = region(watched, "Way through the stages").get_by_role("listitem").nth(1)
    await step.get_by_text("Trying again").wait_for()
    await step.get_by_text("2 failed attempts").wait_for()
    await step.get_by_text("The speech or language service was too busy.").wait_for()

    await archive.step(key, TRANSCRIBE, now(), HEARD, 3.0)
    await step.get_by_text("took 3 secs").wait_for()
    assert 0 == await step.get_by_text("failed attempt").count()


async def test_a_player_draws_its_channels_and_obeys(opened: Open, key: str) -> None:
    """Its speed, ten seconds either way, and a link to the moment that leads back to it."""
    watched = await opened(key, permissions=CLIPBOARD, viewport={"width": 1280, "height": 800})
    page = watched.page
    await watched.goto(f"/calls/{PRICING}")
    await page.wait_for_function(f"() => {SOUND}?.readyState > 0")
    await page.wait_for_function(DRAWN, arg=2)
    await page.get_by_label("Speed").select_option("1.5")
    assert 1.5 == await page.evaluate(f"{SOUND}.playbackRate")
    await page.get_by_role("main").focus()
    await page.keyboard.press("]")
    assert 1.75 == await page.evaluate(f"{SOUND}.playbackRate")
    await expect(page.get_by_label("Speed")).to_have_value("1.75")

    for name, seconds in (("10 seconds on", 10), ("10 seconds on", 20), ("10 seconds back", 10)):
        await page.get_by_role("button", name=name).click()
        assert seconds == await page.evaluate(f"{SOUND}.currentTime")
    await page.get_by_role("button", name="Copy a link to this moment").click()
    await page.get_by_role("status").get_by_text("Copied").wait_for()
    link = await page.evaluate("navigator.clipboard.readText()")
    assert f"{watched.scene.url}/calls/{PRICING}?t=10000" == link
    await page.goto("about:blank")
    await page.goto(link)
    await page.wait_for_function(f"() => {SOUND}?.currentTime === 10")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def few(scene: Scene) -> str:
    """A key to two calls: one of four days ago, and one that has just come."""
    archive, at = scene.archive, now()
    said = spoken("pricing_review")
    await archive.completed(call("c-old", "few"), said, at - timedelta(days=4), company_name="Bluefin")
    await archive.received(call("c-new", "few"), said, at, company_name="Boston Dental")
    await archive.step(call("c-new", "few"), INGEST, at, took=0.0)
    return await archive.key("few")


async def test_calls_are_narrowed_by_how_far_they_are_and_by_when_they_were(opened: Open, few: str) -> None:
    """By the reader's days; a column of the overview leads to the calls of its day."""
    watched = await opened(few)
    page, rows = watched.page, watched.page.locator("tbody tr")
    await watched.goto("/")
    await expect(rows).to_have_count(2)
    await page.get_by_label("Status").select_option("failed")
    await page.get_by_text("No calls match.").wait_for()
    await page.get_by_role("link", name="Clear filters").click()
    await expect(rows).to_have_count(2)
    day = (now() - timedelta(days=4)).date().isoformat()
    await page.get_by_label("To", exact=True).fill(day)
    await expect(rows).to_have_text([re.compile("Bluefin")])
    await page.get_by_label("To", exact=True).fill("")
    await page.get_by_label("From").fill(now().date().isoformat())
    await expect(rows).to_have_text([re.compile("Boston Dental")])

    await watched.goto("/overview?days=7")
    await page.get_by_role("list", name="Calls by day").get_by_role("link").first.click()
    await watched.shows("Calls")
    await expect(rows).to_have_text([re.compile("Bluefin")])


async def test_what_a_call_is_called_is_shown_once_it_is_known(opened: Open, scene: Scene) -> None:
    """In its own view and in the list, although it is still waiting to be heard."""
    archive, one, said = scene.archive, call("c-unnamed", "unnamed"), spoken("product_demo")
    key = await archive.key("unnamed")
    watched, listing = await opened(key), await opened(key)
    await archive.journal.begin(one, INGEST, now())
    for page, path in ((watched.page, f"/calls/{one.call_id}"), (listing.page, "/")):
        async with page.expect_request("**/events"):
            await page.goto(f"{scene.url}{path}")
    await watched.shows("Call of")
    row = listing.page.locator("tbody tr")
    await expect(row).to_contain_text("Call of")

    await archive.received(one, said, now(), agent="Grace")
    await archive.journal.finish(one, INGEST, now(), 0.1, None)
    await watched.shows("Call by Grace")
    await watched.page.get_by_role("button", name="Play").first.wait_for()
    await expect(row).to_contain_text("Call by Grace", timeout=SOON)


async def test_a_call_moves_in_the_list_and_its_cost_grows(opened: Open, scene: Scene, few: str) -> None:
    """While it is looked at, without being asked to."""
    journal, archive, key = scene.archive.journal, scene.archive, call("c-new", "few")
    watched = await opened(few)
    await watched.goto("/")
    rows = watched.page.locator("tbody tr")
    await expect(rows.filter(has_text="Bluefin")).to_contain_text("US$0.011")
    row = rows.filter(has_text="Boston Dental")
    await expect(row).to_contain_text("Received")
    await journal.begin(key, TRANSCRIBE, now())
    await expect(row).to_contain_text("Transcribing", timeout=SOON)
    await archive.step(key, TRANSCRIBE, now(), HEARD, 0.0)
    await expect(row).to_contain_text("US$0.0068", timeout=SOON)
    await archive.step(key, ANALYZE, now(), READ, 0.0)
    await archive.step(key, EMBED, now(), INDEXED, 0.0)
    await expect(row).to_contain_text("Completed", timeout=SOON)
    await expect(row).to_contain_text("US$0.011", timeout=SOON)
