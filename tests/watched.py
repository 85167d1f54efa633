"""A browser's page under test: what it asks for, what it complains of, how it sounds."""

from dataclasses import dataclass, field
from typing import Any

from page_scene import Scene
from playwright.async_api import Page

NOTED = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(
    [event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.sample].join(" ")));
"""
SOUND = "document.querySelector('#sound')"


@dataclass
class Watched:
    """A page, and all it asked for and complained of.

    *expected* answers are no reason to complain, and *friends* are origins to which it may lead.
    """

    page: Page
    scene: Scene
    expected: set[int] = field(default_factory=set)
    friends: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text, said.location))

    def _heard(self, kind: str, text: str, location: Any) -> None:
        foreseen = any(f"status of {status} " in text for status in self.expected)
        if kind == "error" and not foreseen:
            self.complaints.append(f"{text} {location.get('url', '')}")

    async def goto(self, path: str) -> None:
        """Open one of the page's addresses."""
        await self.page.goto(f"{self.scene.url}{path}")

    async def shows(self, heading: str) -> None:
        """Wait for a view."""
        await self.page.get_by_role("heading", level=1, name=heading).wait_for()

    async def sounds_from(self, seconds: float) -> None:
        """Wait until what is heard was said there: at most a second before, or two after."""
        near = f"Math.abs({SOUND}.currentTime - {seconds} - 0.5) < 1.5"
        await self.page.wait_for_function(f"() => {SOUND} && !{SOUND}.paused && {near}")

    async def settle(self) -> None:
        """Nothing was run that was said, asked of strangers, refused by the policy, or complained of."""
        assert "undefined" == await self.page.evaluate("typeof window.canary")
        assert [] == await self.page.evaluate("window.violations")
        assert [] == self.complaints
        ours = (f"{self.scene.url}/", f"{self.scene.store}/", "data:", "about:", *self.friends)
        assert [] == [url for url in self.asked if not url.startswith(ours)]
