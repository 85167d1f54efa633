"""The folders recordings are decoded in."""

import asyncio
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from transcriber.folders import fresh_folder, sweep

HOLD_A_FOLDER = """
import asyncio
from transcriber.folders import fresh_folder
async def hold():
    async with fresh_folder() as folder:
        (folder / "file").write_bytes(b"content")
        print(folder, flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All temporary folders lie in the test's own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


async def test_a_folder_is_gone_whatever_happens() -> None:
    """Files in it too."""
    seen: list[Path] = []

    async def use() -> None:
        async with fresh_folder() as folder:
            (folder / "file").write_bytes(b"content")
            seen.append(folder)
            raise LookupError("lost")

    with pytest.raises(LookupError):
        await use()
    assert [False] == [folder.exists() for folder in seen]


async def test_a_folder_in_use_is_not_swept() -> None:
    """Neither another worker's, nor one that was made this very moment."""
    async with fresh_folder() as used, fresh_folder() as new:
        (used / "file").write_bytes(b"content")

        assert [] == await asyncio.to_thread(sweep)
        assert used.exists()
        assert new.exists()


def test_what_a_killed_worker_left_behind_is_swept(tmp_path: Path) -> None:
    """The disk of a worker that dies again and again does not fill up."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter, on the text above
        [sys.executable, "-c", HOLD_A_FOLDER], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        folder = Path(worker.stdout.readline().strip())
        before = sweep()
        worker.send_signal(signal.SIGKILL)

    assert ([], [folder]) == (before, sweep())
    assert [] == list(tmp_path.iterdir())
