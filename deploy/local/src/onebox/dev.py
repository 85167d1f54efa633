"""``make dev``: the four services and the API with reload, against the servers that ``.env`` names."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from common.pipeline import PIPELINE, Stage
from common.serve import MISTOLD
from common.settings import SettingsError
from rich.console import Console

from onebox.contracts import SETTINGS
from onebox.process import LOOPBACK, Command, ProcessFailed, reserved_port, running_process

ENV = Path(".env")
PAGE = '["http://localhost:3000"]'  # where somebody's page under development is
FIRST_PORT = 8000
PATIENCE = 60.0  # seconds


def main() -> None:
    """Run until Ctrl-C."""
    console = Console(soft_wrap=True)
    os.environ.update(read_env(ENV.read_text("utf-8")) | dict(os.environ))
    try:
        _require_settings()
        asyncio.run(_run(console))
    except SettingsError as error:
        console.print(str(error), markup=False)
        sys.exit(MISTOLD)
    except ProcessFailed as failure:
        console.print(str(failure), markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def read_env(text: str) -> dict[str, str]:
    """``NAME=value`` lines, as ``docker --env-file`` reads them: no quotes, no expansion."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value for name, _, value in pairs}


def _require_settings() -> None:
    """Look before anything is started: a reloading server waits for a change, however it was told."""
    for settings in SETTINGS.values():
        settings.read()


async def _run(console: Console) -> None:
    async with AsyncExitStack() as life:
        for offset, stage in enumerate(PIPELINE):
            port = life.enter_context(reserved_port(FIRST_PORT + offset))
            command = started(stage, port, os.environ)
            await life.enter_async_context(running_process(command))
            console.print(f"{stage.service}: http://{LOOPBACK}:{port}  log: {command.log}")
        console.print("Up with reload until Ctrl-C.")
        await asyncio.Event().wait()


def started(stage: Stage, port: int, environment: Mapping[str, str]) -> Command:
    """How a service is run; a developer's own page may call the API unless *environment* names another."""
    folders = [f"services/{stage.service}/src", "libs/common/src", "libs/faststream-sqs/src"]
    watched = [part for folder in folders for part in ("--reload-dir", folder)]
    return Command(
        name=stage.service,
        argv=(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{stage.service}.app:create_app"),
            *("--host", LOOPBACK, "--port", str(port), "--reload", *watched),
        ),
        env={"CORS_ORIGINS": PAGE, **environment, "PORT": str(port)},
        ready=f"http://{LOOPBACK}:{port}/health/ready",
        log=Path(".onebox") / f"{stage.service}.log",
        patience=PATIENCE,
    )


if __name__ == "__main__":
    main()
