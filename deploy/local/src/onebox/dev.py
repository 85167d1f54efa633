"""``make dev``: the four services and the API with reload, against the servers that ``.env`` names."""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from common.pipeline import PIPELINE, Stage
from rich.console import Console

from onebox.process import LOOPBACK, Command, running_process

ENV = Path(".env")
FIRST_PORT = 8000
PATIENCE = 60.0  # seconds


def main() -> None:
    """Run until Ctrl-C."""
    try:
        asyncio.run(_run(Console()))
    except KeyboardInterrupt:
        sys.exit(130)


def read_env(text: str) -> dict[str, str]:
    """``NAME=value`` lines, as ``docker --env-file`` reads them: no quotes, no expansion."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value for name, _, value in pairs}


async def _run(console: Console) -> None:
    environment = {**read_env(await asyncio.to_thread(ENV.read_text, "utf-8")), **os.environ}
    async with AsyncExitStack() as life:
        for offset, stage in enumerate(PIPELINE):
            command = _command(stage, FIRST_PORT + offset, environment)
            await life.enter_async_context(running_process(command))
            console.print(f"{stage.service}: http://{LOOPBACK}:{FIRST_PORT + offset}  log: {command.log}")
        console.print("Up with reload until Ctrl-C.")
        await asyncio.Event().wait()


def _command(stage: Stage, port: int, environment: dict[str, str]) -> Command:
    folders = [f"services/{stage.service}/src", "libs/common/src", "libs/faststream-sqs/src"]
    watched = [part for folder in folders for part in ("--reload-dir", folder)]
    return Command(
        name=stage.service,
        argv=(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{stage.service}.app:create_app"),
            *("--host", LOOPBACK, "--port", str(port), "--reload", *watched),
        ),
        env={**environment, "PORT": str(port)},
        ready=f"http://{LOOPBACK}:{port}/health/ready",
        log=Path(".onebox") / f"{stage.service}.log",
        patience=PATIENCE,
    )


if __name__ == "__main__":
    main()
