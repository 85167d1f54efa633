"""Serve: `python -m onebox.mongo --port N [--data FOLDER]`."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from onebox.mongo.commands import Commands
from onebox.mongo.databases import Databases
from onebox.mongo.journal import Journal
from onebox.mongo.wire import ProtocolBroken, answered, received
from onebox.process import LOOPBACK
from onebox.serving import serve_as_told, until_stopped

_SWEEP = 60.0  # seconds between two looks for expired documents, as in MongoDB
_BACKLOG = 1024
_log = logging.getLogger("onebox.mongo")


async def serve(port: int, data: Path | None) -> None:
    """Listen on loopback until told to stop; without a folder the data ends with the process."""
    with Journal(data / "mongo.sqlite" if data else None) as journal:
        commands = Commands(Databases(journal), _now, time.monotonic)
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(_converse(reader, writer, commands, journal))
            connections.add(task)
            task.add_done_callback(connections.discard)
            await asyncio.wait({task})

        server = await asyncio.start_server(connected, LOOPBACK, port, backlog=_BACKLOG)
        sweeping = asyncio.create_task(_sweep(commands))
        await until_stopped()
        server.close()
        for task in (sweeping, *connections):
            task.cancel()
        await asyncio.gather(sweeping, *connections, return_exceptions=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, commands: Commands, journal: Journal
) -> None:
    """Answer one client until it leaves; a change is in the journal before its answer is sent."""
    numbers = count(1)
    try:
        while request := await received(reader):
            reply = commands.answer(request.command)
            journal.commit()
            if not request.silent:
                writer.write(answered(request, reply, next(numbers)))
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        _log.debug("a client left in the middle of a message")
    except ProtocolBroken as error:
        _log.warning("closed a connection: %s", error)
    finally:
        writer.close()


async def _sweep(commands: Commands) -> None:
    while True:
        await asyncio.sleep(_SWEEP)
        commands.sweep()


def _now() -> datetime:
    """BSON has milliseconds and no time zone."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


if __name__ == "__main__":
    serve_as_told("onebox.mongo", serve)
