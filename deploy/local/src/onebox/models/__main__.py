"""`python -m onebox.models --port N`: load the models, then serve them, on loopback unless told otherwise."""

import argparse
import logging
import os
from pathlib import Path

from aiohttp import web

from onebox.models.server import create_app, load
from onebox.models.weights import WeightsError, cache_folder
from onebox.process import LOOPBACK


def main() -> None:
    """Load, or say in one line what is wrong, then serve until stopped."""
    options = _options()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        models = load(options.weights_cache, os.environ)
    except WeightsError as error:
        raise SystemExit(f"models: {error}") from error
    web.run_app(create_app(models), host=options.host, port=options.port, print=None, access_log=None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m onebox.models", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--host", default=LOOPBACK, help="address; in a container 0.0.0.0, for its neighbours"
    )
    parser.add_argument(
        "--weights-cache", type=Path, default=cache_folder(os.environ), help="folder for joined weights"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
