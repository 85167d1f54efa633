"""`python -m evals.search`: index the gold dialogues, ask about them, report; fail below what was reached.

OPENSEARCH_URL names the server; without it the one-machine stand-in is asked. Vectors are the local MiniLM's.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from common.vectors import Vector
from onebox.models import weights
from onebox.models.minilm import SentenceEncoder
from onebox.servers import running_search

from evals import gold
from evals.readme import README
from evals.search.corpus import cuts
from evals.search.measures import LEAST, Row, shortfalls, table
from evals.search.run import Embed, open_index, run

BELOW = 1
BEGIN, END = "<!-- evals-search -->", "<!-- /evals-search -->"


def main() -> None:
    """Exit 1 if both together find less than either alone, or than they did."""
    parser = argparse.ArgumentParser(prog="make evals-search", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the README's table (KEEP=1)")
    options = parser.parse_args()
    dialogues = gold.dialogues()
    rows = asyncio.run(_rows(dialogues))
    chunks = sum(len(cut.chunks) for cut in cuts(dialogues))
    page = f"{table(rows)}\n\n{len(rows) // 3} questions to {chunks} chunks of {len(dialogues)} calls."
    short = shortfalls(rows, LEAST["all"])
    print("\n".join([page, *short]))  # noqa: T201 - the result
    if options.keep:
        README.write_text(included(README.read_text("utf-8"), page), "utf-8")
    sys.exit(BELOW if short else 0)


def included(readme: str, page: str) -> str:
    """The README with this page between its markers; ValueError where it has none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README needs {BEGIN} and, behind it, {END}")
    return f"{before}{BEGIN}\n{page}\n{END}{after}"


def embedding() -> Embed:
    """The local model, which is loaded once."""
    encoder = SentenceEncoder(weights.minilm())

    def embed(texts: Sequence[str]) -> list[Vector]:
        return [vector.tolist() for vector in encoder.encode(texts)]

    return embed


async def _rows(dialogues: Sequence[gold.Dialogue]) -> list[Row]:
    async with _server() as url, open_index(url, f"evals-{uuid4().hex[:8]}") as index:
        return await run(index, embedding(), dialogues, gold.queries(dialogues))


@asynccontextmanager
async def _server() -> AsyncIterator[str]:
    named = os.environ.get("OPENSEARCH_URL")
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="evals-") as folder:
        async with running_search(Path(folder)) as url:
            yield url


if __name__ == "__main__":
    main()
