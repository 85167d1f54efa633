"""`python -m bench`: chunks indexed and asked for, by us and by a plain loop, in turns; ratios at the end.

OPENSEARCH_URL names the server. What is made there is taken away again.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import uuid4

from opensearchpy import AsyncOpenSearch

from .corpus import Corpus, corpus, sliced
from .sides import Ours, Plain

LEAST_RATE = 0.9  # of the plain loop's
MOST_WAIT = 1.15  # times the plain loop's median
ROUNDS = 5  # in turns, so that a busy minute of the machine meets both

Timed = dict[str, list[float]]


def main() -> None:
    """Measure, print, and fail beyond the limits."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--per-call", type=int, default=200)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--searches", type=int, default=400)
    chosen = parser.parse_args()
    url = os.environ.get("OPENSEARCH_URL")
    if not url:
        sys.exit("OPENSEARCH_URL names no server to measure; a stand-in's figures would mean nothing")
    _say("making calls up")
    made = corpus(chosen.chunks, chosen.per_call, chosen.dimensions)
    sys.exit(not asyncio.run(_measured(url, made, chosen.searches)))


async def _measured(url: str, made: Corpus, searches: int) -> bool:
    prefix = f"bench-{uuid4().hex[:8]}"
    before = _begin_peak()
    async with AsyncOpenSearch(url, timeout=120) as client:
        ours = Ours(client, prefix, made)
        plain = Plain(client, f"{prefix}-plain", made, ours.name)
        try:
            await plain.prepare()
            wrote = await _written(ours, plain, made)
            memory = _peak() - before
            asked = await _asked(ours, plain, made, searches)
        finally:
            await client.indices.delete(index=f"{prefix}-*")
    _say(f"memory of this process while indexing: {memory:.0f} MiB above the {before:.0f} MiB of the corpus")
    return _within(_rates(wrote, made), asked)


async def _written(ours: Ours, plain: Plain, made: Corpus) -> Timed:
    wrote: Timed = {"ours": [], "plain": []}
    for n, calls in enumerate(sliced(made.calls, ROUNDS), start=1):
        wrote["plain"].append(await _timed(plain.index, calls))
        wrote["ours"].append(await _timed(ours.index, calls))
        _say(f"indexing {n}/{ROUNDS}: plain {wrote['plain'][-1]:.1f} s, ours {wrote['ours'][-1]:.1f} s")
    return wrote


async def _asked(ours: Ours, plain: Plain, made: Corpus, searches: int) -> Timed:
    asked: Timed = {"ours": [], "plain": []}
    for n in range(searches + 50):  # the first fifty warm the server up
        question = made.question(n)
        for name, side in (("plain", plain), ("ours", ours)) if n % 2 else (("ours", ours), ("plain", plain)):
            took = await _timed(side.search, question)
            if n >= 50:  # noqa: PLR2004 - as above
                asked[name].append(took * 1000)
    return asked


async def _timed(act: Callable[..., Awaitable[None]], *given: object) -> float:
    begun = time.perf_counter()
    await act(*given)
    return time.perf_counter() - begun


def _rates(wrote: Timed, made: Corpus) -> dict[str, float]:
    return {name: len(made.vectors) / sum(took) for name, took in wrote.items()}


def _within(rates: dict[str, float], asked: Timed) -> bool:
    rate = rates["ours"] / rates["plain"]
    medians = {name: statistics.median(took) for name, took in asked.items()}
    wait = medians["ours"] / medians["plain"]
    _say(f"indexing: ours {rates['ours']:.0f} chunks/s, plain {rates['plain']:.0f} chunks/s")
    _say(f"indexing: {rate:.2f} x the plain loop's rate (least {LEAST_RATE})")
    for name, took in asked.items():
        _say(f"hybrid search, {name}: p50 {medians[name]:.1f} ms, p95 {_p95(took):.1f} ms")
    _say(f"hybrid search: {wait:.2f} x the plain loop's p50 (most {MOST_WAIT})")
    return rate >= LEAST_RATE and wait <= MOST_WAIT


def _p95(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _begin_peak() -> float:
    """Forget the peak so far (Linux); MiB now."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _peak()


def _peak() -> float:
    """MiB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
