"""Serve: `python -m onebox.search --port N [--data FOLDER]`."""

from pathlib import Path

from aiohttp import web

from onebox.process import LOOPBACK
from onebox.search.cluster import Cluster
from onebox.search.routes import application
from onebox.search.store import Store
from onebox.serving import serve_as_told, until_stopped


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


if __name__ == "__main__":
    serve_as_told("onebox.search", serve)
