"""`python -m common.serve`, as images and the one-machine stack start it."""

import signal
import sys
from pathlib import Path

from onebox.process import LOOPBACK, Command, reserved_port, running_process

APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})
"""


async def test_it_listens_where_the_operator_says_and_ends_with_0(tmp_path: Path) -> None:
    """PORT is the port; SIGTERM is no failure."""
    (tmp_path / "bare.py").write_text(APPLICATION, encoding="utf-8")
    with reserved_port() as port:
        command = Command(
            name="bare",
            argv=(
                sys.executable,
                "-m",
                "common.serve",
                "bare:app",
                "--app-dir",
                str(tmp_path),
                "--lifespan",
                "off",
            ),
            env={"PORT": str(port)},
            ready=f"http://{LOOPBACK}:{port}/",
            log=tmp_path / "bare.log",
        )
        async with running_process(command) as process:
            process.signal(signal.SIGTERM)

            assert 0 == await process.exited()
