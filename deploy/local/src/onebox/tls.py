"""TLS in front of a server that speaks none: `python -m onebox.tls --port N --to N --certificate F --key F`.

The Valkey of the wheel is built without TLS, and our clients must be able to prove theirs.
"""

import argparse
import asyncio
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onebox.process import LOOPBACK, Command
from onebox.serving import until_stopped

_CHUNK = 65536  # bytes


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate chain and its key (PEM files)."""

    certificate: Path
    key: Path


def tls_front(name: str, log: Path, port: int, backend: int, tls: Tls) -> Command:
    """The command for a TLS port that forwards what it decrypts to the backend's port."""
    files = ("--certificate", str(tls.certificate), "--key", str(tls.key))
    return Command(
        name=name,
        argv=(sys.executable, "-m", "onebox.tls", "--port", str(port), "--to", str(backend), *files),
        ready=f"tcp://{LOOPBACK}:{port}",
        log=log,
    )


async def serve(port: int, backend: int, tls: Tls) -> None:
    """Forward until told to stop."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await _both_ways(reader, writer, backend)

    async with await asyncio.start_server(forward, LOOPBACK, port, ssl=context):
        await until_stopped()


async def _both_ways(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: int) -> None:
    near, far = await asyncio.open_connection(LOOPBACK, backend)
    try:
        await asyncio.gather(_copy(reader, far), _copy(near, writer))
    finally:
        far.close()
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="onebox.tls", description="TLS in front of a loopback server.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--to", type=int, required=True, help="the port of the server behind")
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.port, chosen.to, Tls(chosen.certificate, chosen.key)))


if __name__ == "__main__":
    main()
