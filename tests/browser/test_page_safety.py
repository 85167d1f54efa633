"""What is said, asked and named is shown and never run."""

import pytest
from browser.conftest import Watched

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_smoke(watched: Watched) -> None:
    """It opens."""
    await watched.goto("/")
    print(
        (await (await watched.page.request.get(f"{watched.scene.url}/api/v1/search?q=price")).text())[:1500]
    )
    print((await (await watched.page.request.get(f"{watched.scene.url}/api/v1/calls")).text())[:1500])
    print(
        (
            await (
                await watched.page.request.post(
                    f"{watched.scene.url}/api/v1/ask",
                    data={"question": "Which discount can be offered for a year?"},
                )
            ).text()
        )[:1500]
    )
