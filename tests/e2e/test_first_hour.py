"""What README tells a newcomer to type, typed beside a real ``make run``."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from audio_files import write_silence
from onebox.contracts import ROOT, SETTINGS
from onebox.process import Command, Process, running_process
from onebox.settings_page import collect
from onebox.shell import FILE

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="no curl or no bash here"),
]

ENTER = '. .onebox/env; curl() { command curl -sS -H "Authorization: Bearer $CALLSTREAM_KEY" "$@"; };'
LOOKS = "ps stats registered parked 'keys list' audit 'dlq list'"
PATIENCE = 300.0  # seconds; real speech recognition on a busy machine
BLOCKS = [
    block
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    if "$API" in block
]


@dataclass(frozen=True)
class Run:
    """A ``make run`` in a folder of its own, which is where another shell stands."""

    folder: Path
    process: Process

    async def typed(self, script: str) -> tuple[int | None, str, str]:
        """The exit code of a shell that stops at the first failure, and what it told."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        child = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", script),
            cwd=self.folder,
            env={**unconfigured(), "PATH": path},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            out, err = await child.communicate()
        return child.returncode, out.decode(), err.decode()


def unconfigured() -> dict[str, str]:
    """Our environment, in which nobody named a server or a provider."""
    names = {name for one in collect(SETTINGS) for name in (one.name, *one.aliases)}
    return {name: "" if name in names else value for name, value in os.environ.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def run(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Run]:
    """It is up, its call is through; a curl that fails when it is refused is the first on the path."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "bin").mkdir()
    strict = folder / "bin" / "curl"
    strict.write_text(f'#!/bin/sh\nexec {shutil.which("curl")} --fail-with-body "$@"\n', encoding="utf-8")
    strict.chmod(0o755)
    write_silence(folder / "call.wav")
    write_silence(folder / "first.wav", 2.0)  # the sample call takes longer, and is heard in other tests
    log = folder / "run.log"

    async def through() -> bool:
        return "Up until Ctrl-C" in await asyncio.to_thread(log.read_text, "utf-8")

    there = ("sh", "-c", 'cd "$0" && exec "$@"', str(folder))
    command = Command(
        name="make run",
        argv=(*there, sys.executable, "-m", "onebox", "--call", "first.wav"),
        env=unconfigured(),
        ready=through,
        log=log,
        patience=PATIENCE,
        grace=60,
    )
    async with running_process(command) as process:
        yield Run(folder, process)
    assert not (folder / FILE).exists()


async def test_what_takes_a_while_is_told(run: Run) -> None:
    """A line for each step, so that nobody thinks that nothing is going on."""
    lines = (run.folder / "run.log").read_text("utf-8").splitlines()

    steps = ["Starting the servers, and loading the local models …", "Creating queues and buckets …"]
    assert [*steps, "Starting the four services …"] == lines[:3]


async def test_pipelinectl_works_beside_it(run: Run) -> None:
    """One line tells a shell all it needs; doctor finds nothing to mend, not even a doubt."""
    found = await run.typed(ENTER + "curl $API/calls | grep -o 'c-[0-9a-f]\\{32\\}' | head -n 1")
    shown, timeline, _ = await run.typed(f"{ENTER} .venv/bin/pipelinectl show {found[1].strip()} --json")
    examined, findings, _ = await run.typed(f"{ENTER} .venv/bin/pipelinectl doctor --json")
    others = await run.typed(f"{ENTER} for one in {LOOKS}; do .venv/bin/pipelinectl $one; done")

    assert (0, "completed") == (shown, json.loads(timeline)["status"])
    assert (0, []) == (examined, [one for one in json.loads(findings) if one["state"] in {"warn", "fail"}])
    assert 0 == others[0], others[2]


async def test_what_readme_types_is_answered(run: Run) -> None:
    """Each block in its order, in one shell; what is refused ends it."""
    assert 3 <= len(BLOCKS)

    code, out, err = await run.typed("\n".join(BLOCKS))

    assert 0 == code, out + err
    assert "completed" in out
