"""`python -m common.serve`, as images and the one-machine stack start it."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
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


NAMELESS = """
from common.settings import MongoSettings, SettingsError
from starlette.applications import Starlette

def at_once():
    MongoSettings.read()

async def nothing(scope, receive, send):
    raise SettingsError("  SPEECH: is nowhere")

async def failing(app):
    raise SettingsError("  SPEECH: is nowhere")
    yield

later = Starlette(lifespan=failing)
"""


async def served(folder: Path, *arguments: str, **environment: str) -> tuple[int | None, str]:
    """The exit code of a start that has to fail, and what was told on standard error."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "common.serve", *arguments, "--app-dir", str(folder)),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, told = await child.communicate()
    return child.returncode, told.decode()


@pytest.fixture
def nameless(tmp_path: Path) -> Path:
    """A folder with applications that lack a setting."""
    (tmp_path / "nameless.py").write_text(NAMELESS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("application", "told"),
    [
        (("--factory", "nameless:at_once"), "  MONGODB_URI: is not set (MongoDB connection string"),
        (("nameless:later",), "  SPEECH: is nowhere"),
        (("--lifespan", "on", "nameless:nothing"), "  SPEECH: is nowhere"),
    ],
    ids=["when it is made", "when it starts", "without a framework"],
)
async def test_a_setting_that_is_missing_is_told_without_a_traceback(
    nameless: Path, application: tuple[str, ...], told: str
) -> None:
    """Whoever starts a service reads what to set, and nothing of how we found out; the exit code is 2."""
    code, lines = await served(nameless, *application, "--port", "0")

    assert (2, True, False) == (code, told in lines, "Traceback" in lines)


async def test_a_port_that_is_no_port_is_a_setting_like_others(nameless: Path) -> None:
    """Named with what would be right."""
    code, lines = await served(nameless, "nameless:later", PORT="eight")

    assert (2, "  PORT: has to be a whole number (default: 8000)") == (code, lines.splitlines()[1])


async def test_a_port_in_use_is_told_before_anything_is_opened(nameless: Path) -> None:
    """One line says what to do."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        code, lines = await served(nameless, "nameless:later", PORT=str(port))

    assert (2, f"port {port} is in use: stop what listens there, or set PORT\n") == (code, lines)
