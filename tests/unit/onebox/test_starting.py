"""What is found out before anything is started."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest
from onebox.process import LOOPBACK, ProcessFailed
from onebox.stack import door_port, running_stack


@pytest.mark.parametrize("port", ["eight", "-1", "65536", "8000 "])
def test_a_port_that_is_none_is_told(port: str) -> None:
    """By the variable's name, with what would be right."""
    with pytest.raises(ProcessFailed, match="PORT has to be a whole number up to 65535"):
        door_port({"PORT": port})


def test_any_port_will_do_unless_one_is_chosen() -> None:
    """An empty variable chooses none."""
    assert [0, 0, 8000] == [door_port({}), door_port({"PORT": ""}), door_port({"PORT": "8000"})]


async def test_a_port_in_use_is_told_before_servers_start(tmp_path: Path) -> None:
    """Nobody waits for a dozen processes to learn it."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ProcessFailed, match=f"^port {port} is in use: stop what listens there, or set PORT"
        ):
            async with running_stack(tmp_path, {"PORT": str(port)}):
                pass

    assert [] == await asyncio.to_thread(os.listdir, tmp_path)


async def test_settings_of_a_developer_are_looked_at_first(tmp_path: Path) -> None:
    """A line for each that is wrong, exit code 2, no traceback and no server that waits for a change."""
    (tmp_path / ".env").write_text("LOG_LEVEL=CHATTY\n", encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "onebox.dev"),
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        told, _ = await child.communicate()

    assert (2, False) == (child.returncode, b"Traceback" in told)
    assert b"\n  LOG_LEVEL: has to be " in told
