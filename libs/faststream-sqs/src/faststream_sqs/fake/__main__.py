"""`python -m faststream_sqs.fake --port 9324`: the fake as a server of its own."""

import argparse
import asyncio
import signal

from .http import serving
from .sqs import FakeSQS


def main() -> None:
    """Serve until SIGINT or SIGTERM; the first line of output is the URL."""
    parser = argparse.ArgumentParser(prog="python -m faststream_sqs.fake", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, is any free one")
    parser.add_argument("--round-trip", type=float, default=0.0, help="seconds every request takes")
    asyncio.run(_serve(**vars(parser.parse_args())))


async def _serve(host: str, port: int, round_trip: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(FakeSQS(round_trip=round_trip, keep_log=False), port, host) as url:
        print(url, flush=True)  # noqa: T201 - whoever started it reads the URL here
        await stop.wait()


if __name__ == "__main__":
    main()
