"""Two versions share the queues while one replaces the other, and while it is taken back."""

import subprocess
from pathlib import Path

import pytest
from drill import Drill, together
from fleet import FACTORIES

ROOT = Path(__file__).parents[2]
PREVIOUS = (Path(__file__).parent / "previous_landing").read_text().strip()


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The code of the landing before this one."""
    folder, packed = tmp_path / "previous", tmp_path / "previous.tar"
    folder.mkdir()
    archive = ["git", "-C", str(ROOT), "archive", f"--output={packed}", PREVIOUS, "services", "libs"]
    try:
        subprocess.run(archive, check=True, capture_output=True)  # noqa: S603 - our own arguments
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"The history down to {PREVIOUS} is not here: no rollout from it can be tried")
    subprocess.run(["tar", "-xf", str(packed), "-C", str(folder)], check=True)  # noqa: S603, S607 - the same
    return folder


async def test_a_rollout_and_its_return_lose_and_repeat_nothing(drill: Drill, previous: Path) -> None:
    """Old, old beside new, new, and old again, with calls coming in at every step."""
    for service in FACTORIES:
        await drill.fleet.scale(service, 1, source=previous)
    await drill.hand_in(3)
    await together(drill, **dict.fromkeys(FACTORIES, 2))
    await drill.hand_in(3)
    await together(drill, **dict.fromkeys(FACTORIES, 1))
    await drill.hand_in(3)
    for service in FACTORIES:
        await drill.fleet.replace(service, source=previous)
    await drill.hand_in(1)

    await drill.nothing_lost_nothing_twice()
