"""`python -m evals`: ask a model about the gold dialogues, score it, report, and hold it to its thresholds.

Asked are the local rules, or what EVALS_BASE_URL, EVALS_MODEL and EVALS_API_KEY name.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from common.errors import PipelineError

from evals import gold, readme
from evals.asking import Asked, Asker, open_asker
from evals.report import report
from evals.results import Result, keep, kept
from evals.rules import running_rules
from evals.run import chosen, run, short_of
from evals.thresholds import thresholds

BELOW, UNREACHABLE = 1, 2


def main() -> None:
    """Exit 1 if the model fell below a threshold, 2 if it could not be asked."""
    options = _options(os.environ)
    try:
        result = asyncio.run(_result(options))
    except PipelineError as error:
        sys.exit(_unreachable(options, error))
    before = kept(result.model)
    page = report(result, before, short := short_of(result, thresholds()))
    _write(options.output, page)
    if options.keep:
        keep(result)
        readme.main()
    sys.exit(BELOW if short else 0)


def _options(environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make evals", description=__doc__)
    parser.add_argument("--base-url", default=environment.get("EVALS_BASE_URL") or None)
    parser.add_argument("--model", default=environment.get("EVALS_MODEL") or None)
    parser.add_argument("--cache", type=Path, help="folder of answers that were given before (CACHE=)")
    parser.add_argument("--shortest", type=int, help="only so many of each half, the shortest (SHORTEST=)")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one answer (TIMEOUT=)")
    parser.add_argument("--max-output-tokens", type=int, default=16_000, help="of one answer (TOKENS=)")
    parser.add_argument("--output", type=Path, help="a Markdown file for the report (OUT=)")
    parser.add_argument(
        "--keep", action="store_true", help="keep the result, and the README's table (KEEP=1)"
    )
    options = parser.parse_args()
    if bool(options.base_url) != bool(options.model):
        parser.error("EVALS_BASE_URL and EVALS_MODEL go together; without both, the local rules are asked")
    options.api_key = environment.get("EVALS_API_KEY") or "none"
    return options


async def _result(options: argparse.Namespace) -> Result:
    dialogues = chosen(gold.dialogues(), options.shortest)
    async with _asked(options) as asked, _asker(asked, options.cache) as asker:
        return await run(asker, asked, dialogues, datetime.now(UTC).date(), progress=_progress)


@asynccontextmanager
async def _asked(options: argparse.Namespace) -> AsyncIterator[Asked]:
    if options.model:
        yield Asked(
            model=options.model,
            base_url=options.base_url,
            api_key=options.api_key,
            timeout=options.timeout,
            max_output_tokens=options.max_output_tokens,
        )
        return
    async with running_rules() as rules:
        yield rules


@asynccontextmanager
async def _asker(asked: Asked, cache: Path | None) -> AsyncIterator[Asker]:
    """Answers are kept in *cache*, but never those of the rules, which change without changing their name."""
    with tempfile.TemporaryDirectory(prefix="evals-") as fresh:
        ours = cache if cache and asked.model != "local-rules" else Path(fresh)
        async with open_asker(asked, ours) as asker:
            yield asker


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress of a command


def _write(output: Path | None, page: str) -> None:
    if output:
        output.write_text(page, "utf-8")
    else:
        print(page)  # noqa: T201 - the result of a command


def _unreachable(options: argparse.Namespace, error: PipelineError) -> int:
    where = options.base_url or "the local rules"
    _progress(
        f"{where}: {error} ({error.reason}). Start it, or mend EVALS_BASE_URL, EVALS_MODEL, EVALS_API_KEY."
    )
    return UNREACHABLE


if __name__ == "__main__":
    main()
