"""Serve an ASGI application as ``uvicorn`` does, and end with 0 when told to stop.

``python -m common.serve --factory transcriber.app:create_app --port 8000`` takes uvicorn's own arguments,
and without one listens where ``PORT`` says.
uvicorn drains on SIGTERM and then raises the signal again, to die of it; a stop that went well is no failure.
Connections are bounded as ``common.connections`` does it, and told when the server wants to stop.
"""

import os
import signal
import sys

import uvicorn

from common.http_settings import HttpSettings


def main() -> None:
    """Run until told to stop."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    if port := os.environ.get("PORT"):
        os.environ.setdefault("UVICORN_PORT", port)
    head = HttpSettings.read().max_request_head_bytes
    os.environ.setdefault("UVICORN_HTTP", "common.connections:connection")
    os.environ.setdefault("UVICORN_H11_MAX_INCOMPLETE_EVENT_SIZE", str(head))
    uvicorn.main()


if __name__ == "__main__":
    main()
