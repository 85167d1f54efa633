"""Serve an ASGI application as ``uvicorn`` does, and end with 0 when told to stop.

``python -m common.serve --factory transcriber.app:create_app --port 8000`` takes uvicorn's own arguments,
and without one listens where ``PORT`` says.
uvicorn drains on SIGTERM and then raises the signal again, to die of it; a stop that went well is no failure.
Connections are bounded as ``common.connections`` does it, and told when the server wants to stop.
Settings that are missing or wrong, a port in use among them, end it with 2 and their lines, no traceback.
"""

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

import uvicorn

from common.http_settings import HttpSettings
from common.settings import SettingsError, WorkerSettings
from common.starting import Starting

MISTOLD = 2  # as for a command line that is wrong


def main() -> None:
    """Run until told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        _tell_uvicorn()
        _command().main()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there is a log, and for whoever started us
        sys.exit(MISTOLD)


def _tell_uvicorn() -> None:
    head = HttpSettings.read().max_request_head_bytes
    if os.environ.get("PORT"):
        os.environ.setdefault("UVICORN_PORT", str(WorkerSettings.read().port))
    os.environ.setdefault("UVICORN_HTTP", "common.connections:connection")
    os.environ.setdefault("UVICORN_H11_MAX_INCOMPLETE_EVENT_SIZE", str(head))


def require_port(host: str, port: int) -> None:
    """Find out before anything is started that it could not be reached.

    Raises:
        SettingsError: another server listens there, or nobody may.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(_unreachable(host, port, error)) from None


def _unreachable(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: stop what listens there, or set PORT"
    return f"cannot listen on {host}, port {port} ({error.strerror}): set HOST or PORT"


def _command() -> Any:
    """The command line of uvicorn, with our way of starting behind it."""
    command = copy(uvicorn.main)
    serve: Any = uvicorn.main.callback
    command.callback = partial(_run, serve)
    return command


def _run(serve: Callable[..., None], **chosen: Any) -> None:
    if chosen["uds"] is None and chosen["fd"] is None:
        require_port(chosen["host"], chosen["port"])
    if chosen["reload"] or (chosen["workers"] or 1) > 1:
        serve(**chosen)  # other processes import the application by its name
        return
    starting = Starting(chosen["app"], factory=chosen["factory"])
    try:
        serve(**{**chosen, "app": starting.create, "factory": True})
    except SystemExit:
        if starting.error:
            raise starting.error from None
        raise


if __name__ == "__main__":
    main()
