"""Put the page into the application: its files, its views, and a description of the API without a CDN."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from ingest.page.files import BUILT, Assets, Views

FILES: Final = "/static"
DESCRIPTION: Final = "/description"  # the vendored viewer of /docs
_SMALL: Final = 500  # bytes; compressing less gains nothing


def show_page(app: FastAPI, prefix: str, buckets: Iterable[str], folder: Path = BUILT) -> None:
    """Serve *folder*; nothing below the API's *prefix* is a view, and *buckets* hold what the page plays."""
    app.mount(FILES, GZipMiddleware(Assets(directory=folder), minimum_size=_SMALL), name="page")
    not_ours = (f"{prefix}/", f"{FILES}/", f"{DESCRIPTION}/", "/health/")
    app.router.default = Views(folder / "index.html", buckets, not_ours=not_ours)
