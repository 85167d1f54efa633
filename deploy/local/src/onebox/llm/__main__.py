"""`python -m onebox.llm --port N --model FILE`: llama.cpp's OpenAI-compatible server, on loopback."""

import argparse
import os
import signal
import threading
from pathlib import Path

from onebox.llm.published import CONTEXT, NAME
from onebox.llm.wheel import llama
from onebox.process import LOOPBACK


def main() -> None:
    """Serve until stopped."""
    options = _options()
    params = llama().CommonParams()
    params.model.path, params.model_alias = os.fspath(options.model), {NAME}
    params.hostnames, params.port = [LOOPBACK], options.port
    params.n_ctx, params.n_parallel = CONTEXT, 1
    params.cpuparams.n_threads = os.cpu_count() or 1
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server = llama().Server(params)
    stopped.wait()
    del server
    os._exit(0)  # its threads may be in the middle of an answer nobody waits for


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m onebox.llm", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
