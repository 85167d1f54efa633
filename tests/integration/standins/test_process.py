"""A child process is ready when we are told so, ends when we are done, and never outlives us."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from onebox.servers import Command, ProcessFailed, reserved_port, running_process, running_redis
from redis import asyncio as redis_client

SERVE = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from onebox.servers import Command, running_process

async def main():
    async def ready(): return True
    sleeps = (sys.executable, "-c", "import time; time.sleep(60)")
    child = Command(name="child", argv=sleeps, ready=ready, log=Path(sys.argv[1]))
    async with running_process(child) as process:
        print(process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def python(
    code: str, *words: str, ready: str = "tcp://127.0.0.1:1", log: Path, patience: float = 20
) -> Command:
    """A Python program as a command."""
    argv = (sys.executable, "-c", code, *words)
    return Command(name="program", argv=argv, ready=ready, log=log, patience=patience, grace=0.3)


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_it_is_ready_when_it_answers(tmp_path: Path) -> None:
    """The body runs once the server answers, and the server is gone after it."""
    with reserved_port() as port:
        command = python(SERVE, str(port), ready=f"http://127.0.0.1:{port}/", log=tmp_path / "log")
        async with running_process(command) as process:
            during = alive(process.pid)

    assert (True, False) == (during, alive(process.pid))


async def test_one_that_dies_early_is_reported_with_its_log(tmp_path: Path) -> None:
    """The error names the program, its exit code, its log and what it said last."""
    command = python("print('no such luck'); raise SystemExit(7)", log=tmp_path / "log")

    with pytest.raises(ProcessFailed, match=r"(?s)program ended with exit code 7.*log.*no such luck"):
        async with running_process(command):
            pass


async def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """After its patience the program is stopped and reported."""
    with pytest.raises(ProcessFailed, match=r"was not ready in 0\.2 s"):
        async with running_process(python("import time; time.sleep(60)", log=tmp_path / "log", patience=0.2)):
            pass


async def test_one_that_will_not_go_is_killed(tmp_path: Path) -> None:
    """SIGTERM that is ignored is followed by SIGKILL after the grace."""
    log = tmp_path / "log"

    async def up() -> bool:
        return "up" in log.read_text()

    command = Command(name="x", argv=(sys.executable, "-c", STUBBORN), ready=up, log=log, grace=0.2)
    async with running_process(command) as process:
        pass

    assert -signal.SIGKILL == await process.exited()


async def test_it_is_stopped_when_the_body_fails(tmp_path: Path) -> None:
    """An exception in the body stops the server and goes on."""
    with reserved_port() as port, pytest.raises(ZeroDivisionError):
        async with running_process(
            python(SERVE, str(port), ready=f"tcp://127.0.0.1:{port}", log=tmp_path / "log")
        ) as process:
            raise ZeroDivisionError

    assert not alive(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    """A parent that is killed outright takes its children with it."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await parent.communicate()

    await until_gone(int(output))

    assert -signal.SIGKILL == parent.returncode


async def test_a_port_given_is_the_port_used(tmp_path: Path) -> None:
    """A server listens on the port it was given."""
    with reserved_port() as port:
        async with running_redis(tmp_path, port=port) as url, redis_client.from_url(url) as client:
            answered = await client.ping()

    assert (True, f"redis://127.0.0.1:{port}/0") == (answered, url)


async def test_a_taken_port_is_reported(tmp_path: Path) -> None:
    """A port that another server holds is an error that says so."""
    async with running_redis(tmp_path / "one") as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(
            ProcessFailed, match=rf"^port {port} is in use: stop what listens there, or set PORT"
        ):
            async with running_redis(tmp_path / "two", port=port):
                pass


async def test_a_killed_one_is_still_stopped_cleanly(tmp_path: Path) -> None:
    """A server killed on purpose, as chaos tests do, reports the signal and leaves nothing to stop."""
    with reserved_port() as port:
        async with running_process(
            python(SERVE, str(port), ready=f"tcp://127.0.0.1:{port}", log=tmp_path / "log")
        ) as process:
            process.signal(signal.SIGKILL)

    assert -signal.SIGKILL == await process.exited()
