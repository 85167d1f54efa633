"""Serve: `python -m onebox.search --port N [--data FOLDER]`."""

import argparse
import asyncio
import logging
from pathlib import Path

from aiohttp import web

from onebox.process import LOOPBACK
from onebox.search.cluster import Cluster
from onebox.search.routes import application
from onebox.search.store import Store
from onebox.stopping import until_stopped


async def serve(port: int, data: Path | None) -> None:
    """Listen on loopback until told to stop; without a folder the data ends with the process."""
    with Store(data / "search.sqlite" if data else None) as store:
        runner = web.AppRunner(application(Cluster(store)), access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, port).start()
            await until_stopped()
        finally:
            await runner.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="onebox.search", description="An OpenSearch stand-in on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, help="the folder to keep data in; without it, memory")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(serve(chosen.port, chosen.data))


if __name__ == "__main__":
    main()
