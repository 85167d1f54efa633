"""What the page says while its API does not answer, answers that it cannot, or forgets who is asking."""

from asyncio import Event
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from json import dumps
from typing import Final

import pytest
import pytest_asyncio
from browser.conftest import Open
from page_scene import PRICING, silence
from playwright.async_api import FilePayload, Page, Route, expect
from watched import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNAVAILABLE: Final = 503
WORDS: Final = "The database is being moved. Try again in a minute."
PROBLEM: Final = dumps({"title": "Service Unavailable", "status": UNAVAILABLE, "detail": WORDS})
KIND: Final = "application/problem+json"
RECORDING: Final = FilePayload(name="call.wav", mimeType="audio/wav", buffer=silence(1.0, 8000))
QUESTION: Final = "Which discount did we offer?"
VIEWS: Final = {
    "/": ("Loading calls", "tbody tr"),
    f"/calls/{PRICING}": ("Loading the call", ".said"),
    "/search?q=discount": ("Searching", ".found"),
    "/overview?days=30": ("Counting", ".ranked"),
    "/failed": ("Looking for failed calls", ".failed-call"),
    "/access": ("Loading the keys", "tbody tr"),
    "/audit": ("Loading the log", "tbody tr"),
}


async def unavailable(route: Route) -> None:
    """Answer so."""
    await route.fulfill(status=UNAVAILABLE, content_type=KIND, body=PROBLEM)


@dataclass
class Outage:
    """Between a page and the API's addresses under *path*: silent at first, then unavailable, then over."""

    page: Page
    path: str = ""
    _spoken: Event = field(default_factory=Event)

    @property
    def addresses(self) -> str:
        """Those that are cut off."""
        return f"**/api/v1/{self.path}**"

    async def begin(self) -> None:
        """Whoever asks from now on gets no answer; who is signed in, the page is told all the same."""
        await self.page.route(self.addresses, self._answer)

    def refuse(self) -> None:
        """Answer whoever waits, and all that come: 503, and why."""
        self._spoken.set()

    async def end(self) -> None:
        """The API answers itself again."""
        self.refuse()
        await self.page.unroute_all(behavior="wait")

    async def _answer(self, route: Route) -> None:
        if route.request.url.endswith("/api/v1/me"):
            await route.fallback()
            return
        await self._spoken.wait()
        await unavailable(route)


@pytest_asyncio.fixture(loop_scope="session")
async def troubled(watched: Watched) -> Watched:
    """A page that is prepared for it."""
    watched.expected = {401, UNAVAILABLE}
    return watched


async def told_and_over(outage: Outage) -> None:
    """It answers that it cannot, which is said, and again after a try in vain; the next is heard."""
    outage.refuse()
    page = outage.page
    alert = page.get_by_role("alert").filter(has_text=WORDS)
    async with page.expect_request(outage.addresses) as asked:
        await alert.get_by_role("button", name="Try again").click()
    await (await asked.value).response()
    await alert.wait_for()
    await outage.end()
    await alert.get_by_role("button", name="Try again").click()


async def loads(page: Page, what: str) -> None:
    """It is said that something is on its way, to screen readers, too."""
    await page.get_by_role("status").filter(has_text=f"{what}…").wait_for()


async def test_every_view_says_that_it_loads_that_it_could_not_and_tries_again(troubled: Watched) -> None:
    """In the words of the API; what was asked for is shown once it can be."""
    page = troubled.page
    for path, (loading, shown) in VIEWS.items():
        outage = Outage(page)
        await outage.begin()
        await troubled.goto(path)
        await loads(page, loading)
        assert 0 == await page.get_by_role("alert").count(), path

        await told_and_over(outage)
        await page.locator(shown).first.wait_for()
        assert 0 == await page.get_by_role("alert").count(), path


async def test_the_way_in_is_tried_again_as_well(opened: Open) -> None:
    """Where the ways to sign in are asked for, and before, where the page asks who is there."""
    watched = await opened()
    watched.expected, page = {401, UNAVAILABLE}, watched.page
    outage = Outage(page, "session/options")
    await outage.begin()
    await watched.goto("/login")
    await loads(page, "Loading")
    await told_and_over(outage)
    await page.get_by_label("API key").wait_for()

    await page.route("**/api/v1/me", unavailable)
    await watched.goto("/login")
    await page.get_by_role("alert").filter(has_text=WORDS).wait_for()
    await page.unroute_all()
    await page.get_by_role("button", name="Try again").click()
    await page.get_by_label("API key").wait_for()


async def test_a_question_that_could_not_be_answered_is_asked_again(troubled: Watched) -> None:
    """Without being written again; while it waits, it can be stopped."""
    page = troubled.page
    await troubled.goto("/ask")
    outage = Outage(page, "ask")
    await outage.begin()
    await page.get_by_label("Your question").fill("Which discount can you offer if we sign for a year?")
    await page.keyboard.press("Enter")
    await loads(page, "Looking for what was said about it")
    assert "true" == await page.locator(".answer").get_attribute("aria-busy")
    await page.get_by_role("button", name="Stop").wait_for()

    await told_and_over(outage)
    await page.locator(".answer .cited").first.wait_for()
    assert 1 == await page.locator(".answer").count()


async def test_a_recording_that_was_not_taken_is_sent_again(troubled: Watched) -> None:
    """Its bar is there while it is on its way."""
    page = troubled.page
    await troubled.goto("/upload")
    outage = Outage(page, "calls/upload")
    await outage.begin()
    await page.get_by_label("Choose recordings").set_input_files(RECORDING)
    await page.get_by_role("progressbar", name="Uploading call.wav").wait_for()

    await told_and_over(outage)
    await page.get_by_role("link", name="Open the call").wait_for()


async def test_a_part_of_a_call_that_is_missing_takes_nothing_else_away(troubled: Watched) -> None:
    """How much was talked is told once it can be; a waveform is drawn from the lines where none is kept."""
    page = troubled.page
    outage, undrawn = Outage(page, f"calls/{PRICING}/metrics"), Outage(page, f"calls/{PRICING}/peaks")
    undrawn.refuse()
    await undrawn.begin()
    await outage.begin()
    await troubled.goto(f"/calls/{PRICING}")
    await loads(page, "Measuring")
    await page.locator(".said").first.wait_for()
    await page.locator(".waveform canvas").first.wait_for()

    await told_and_over(outage)
    await page.get_by_role("heading", name="Talk time").wait_for()


async def test_what_is_confirmed_in_vain_can_be_confirmed_again(troubled: Watched) -> None:
    """The dialog stays, and says why."""
    page = troubled.page
    await troubled.goto("/access")
    outage = Outage(page, "keys")
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_label("What it is for").fill("after the outage")
    outage.refuse()
    await outage.begin()
    await page.get_by_role("button", name="Make the key").click()
    await page.get_by_role("dialog").get_by_role("alert").filter(has_text=WORDS).wait_for()
    await outage.end()
    await page.get_by_role("button", name="Make the key").click()
    await page.get_by_role("dialog", name="The key “after the outage”").wait_for()


async def test_more_of_what_was_found_is_asked_for_again(troubled: Watched) -> None:
    """What is shown stays where it is."""
    page = troubled.page
    await troubled.goto("/search?q=reports&agent=Daniel")
    found = page.locator(".found").first
    more = found.get_by_role("button", name="more passages")
    shown, hidden = await found.locator(".hit").count(), int((await more.inner_text()).split()[0])
    outage = Outage(page, "search")
    outage.refuse()
    await outage.begin()
    await more.click()
    await told_and_over(outage)
    await expect(found.locator(".hit")).to_have_count(min(20, shown + hidden))


async def test_whoever_only_looks_on_is_led_to_the_login_as_well(troubled: Watched) -> None:
    """Where a stream of a call's progress is refused, it is asked who is signed in."""
    page, over = troubled.page, Event()

    async def hold(route: Route) -> None:
        await over.wait()
        await route.continue_()

    await page.route("**/events", hold)
    async with page.expect_request("**/events"):
        await troubled.goto("/calls/c-moving")
    await page.context.clear_cookies()
    over.set()
    await troubled.shows("Sign in")
    await page.unroute_all(behavior="wait")


async def test_a_question_is_not_lost_with_the_session(troubled: Watched, key: str) -> None:
    """It is in its field again, about the same calls, and not asked before somebody says so."""
    page = troubled.page
    await troubled.goto(f"/ask?call_id={PRICING}")
    about = page.get_by_text("Only about")
    await about.wait_for()
    await page.context.clear_cookies()
    await ask(page)
    await page.get_by_label("API key").fill(key)
    await page.keyboard.press("Enter")

    await expect(page.get_by_label("Your question")).to_have_value(QUESTION)
    await about.wait_for()
    assert 0 == await page.locator(".answer").count()


async def choose_status(page: Page) -> None:
    await page.get_by_label("Status").select_option("completed")


async def search(page: Page) -> None:
    await page.get_by_label("Words or a question").fill("budget")
    await page.keyboard.press("Enter")


async def ask(page: Page) -> None:
    await page.get_by_label("Your question").fill(QUESTION)
    await page.keyboard.press("Enter")


async def hand_in(page: Page) -> None:
    await page.get_by_label("Choose recordings").set_input_files(RECORDING)


async def do_again(page: Page) -> None:
    await page.get_by_role("button", name="Do again").click()
    await page.get_by_role("dialog").get_by_role("button", name="Do it again").click()


async def make_a_key(page: Page) -> None:
    await page.get_by_role("button", name="Make a key").click()
    await page.get_by_label("What it is for").fill("too late")
    await page.get_by_role("button", name="Make the key").click()


@pytest.mark.parametrize(
    ("path", "ready", "act", "back", "shown"),
    [
        ("/", "tbody tr", choose_status, "/?status=completed", "tbody tr"),
        ("/search?q=discount", ".found", search, "/search?q=budget&mode=hybrid", ".found"),
        ("/ask", ".suggestions", ask, "/ask?q=Which+discount+did+we+offer%3F", ".suggestions"),
        ("/upload", ".drop", hand_in, "/upload", ".job [role=alert] .button"),
        (f"/calls/{PRICING}", ".said", do_again, f"/calls/{PRICING}", ".said"),
        ("/access", "tbody tr", make_a_key, "/access", "tbody tr"),
    ],
)
async def test_whoever_is_no_longer_signed_in_is_led_to_the_login_and_back(
    troubled: Watched,
    key: str,
    path: str,
    ready: str,
    act: Callable[[Page], Awaitable[None]],
    back: str,
    shown: str,
) -> None:
    """Whatever they were about to do, to where they did it."""
    page = troubled.page
    await Outage(page, "calls/*/events").begin()  # a call on its way would tell them before
    await troubled.goto(path)
    await page.locator(ready).first.wait_for()
    await page.context.clear_cookies()
    await act(page)
    await troubled.shows("Sign in")
    assert 0 == await page.get_by_role("dialog").count()

    await page.get_by_label("API key").fill(key)
    await page.keyboard.press("Enter")
    await page.locator(shown).first.wait_for()
    assert f"{troubled.scene.url}{back}" == page.url
