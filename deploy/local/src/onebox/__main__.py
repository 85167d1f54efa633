"""``make run``: start everything, hand in a call, show what was found, stay up until Ctrl-C."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from rich.console import Console

from onebox.demo import AUTH, demo_key, entry, page
from onebox.door import PREFIX, Door, Refused, open_door
from onebox.expectations import Sample, sample, shortcomings, verified_quotes
from onebox.follow import follow
from onebox.llm.fetching import fetched
from onebox.llm.published import LlmError
from onebox.llm.running import PACE, running_llm
from onebox.process import ProcessFailed
from onebox.providers import described
from onebox.report import show_call, show_hits
from onebox.shell import exports, forget_earlier, told_to_shells
from onebox.stack import Stack, running_stack

SEARCH_WORDS = 8
INTERRUPTED = 130  # as a shell says it


def main() -> None:
    """Run, and exit non-zero if the call did not come through."""
    forget_earlier(os.environ)
    sys.exit(_outcome(_options(), Console(soft_wrap=True)))


def _outcome(options: argparse.Namespace, console: Console) -> int:
    try:
        environment = _chosen(os.environ)
        model = fetched(environment, console) if options.llm else None
        return asyncio.run(_run(options, console, environment, model))
    except (ProcessFailed, Refused, LlmError) as failure:
        console.print(str(failure), markup=False)
    except ExceptionGroup as failures:
        expected, other = failures.split(ProcessFailed)
        if other:
            raise
        console.print(str(expected.exceptions[0] if expected else failures), markup=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--call", type=Path, help="a recording; without one, a bundled sample (CALL=)")
    parser.add_argument("--out", type=Path, help="folder to write call.json to (OUT=)")
    parser.add_argument("--once", action="store_true", help="exit after the call (ONCE=1)")
    parser.add_argument(
        "--llm", choices=["local"], help="analyse by a real model on this machine (LLM=local)"
    )
    options = parser.parse_args()
    if options.call and not options.call.is_file():
        parser.error(f"there is no recording at {options.call}")
    return options


async def _run(
    options: argparse.Namespace, console: Console, environment: Mapping[str, str], model: Path | None
) -> int:
    with tempfile.TemporaryDirectory(prefix="callstream-") as name:
        folder = Path(name)
        async with AsyncExitStack() as life:
            if model:
                environment = {
                    **environment,
                    **await life.enter_async_context(running_llm(folder, model, environment)),
                }
            stack = await life.enter_async_context(running_stack(folder, environment, tell=_tell))
            key = await life.enter_async_context(demo_key(stack.environment))
            door = await life.enter_async_context(open_door(stack.api, key))
            come_in = entry(stack.api, key)
            text = exports(stack.environment, environment, come_in)
            file = life.enter_context(told_to_shells(text))
            _introduce(console, stack)
            _invite(console, page(stack.api, key), come_in, file)
            if model:
                console.print(f"  {PACE}", highlight=False)
            code = await _through(door, options, console)
            if not options.once:
                await _until_interrupted(console)
            return code


def _chosen(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment, an empty variable being one that was not set; and a door with a login."""
    return {"AUTH": AUTH} | {name: value for name, value in environment.items() if value}


def _introduce(console: Console, stack: Stack) -> None:
    for line in described(stack.environment):
        console.print(f"  {line}", highlight=False)
    for name, service in stack.services.items():
        console.print(f"  {name}: {service.url}/health/ready  /metrics", highlight=False)
    console.print(f"  API: {stack.api}{PREFIX}   documentation: {stack.api}/docs", highlight=False)


def _invite(console: Console, address: str, come_in: Mapping[str, str], file: Path) -> None:
    """How one comes in: a browser by the page, a shell by what it is told."""
    lines = [
        f"Page: {address}",
        *(f"export {name}={value}" for name, value in come_in.items()),
        f". {file}   # in another shell: these, and all that .venv/bin/pipelinectl needs",
    ]
    for line in lines:
        console.print(f"  {line}", highlight=False, markup=False)


def _tell(line: str) -> None:
    """Say what takes a while; standard error, as it is no result."""
    Console(stderr=True).print(line, highlight=False)


async def _through(door: Door, options: argparse.Namespace, console: Console) -> int:
    """One call all the way; 0 if it completed and, being ours, holds what it must."""
    # What the sample must hold is what the rules find in it; a small model is not held to that.
    expected = None if options.call or options.llm else sample()
    recording = options.call or sample().recording
    console.print(f"Handing in {recording.name}")
    call = await follow(door, await door.hand_in(recording), console)
    if options.out:
        _write(options.out, call)
    show_call(console, call)
    await _search(door, call, console)
    return _judged(call, expected, console)


def _write(folder: Path, call: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(call, ensure_ascii=False, indent=2)
    (folder / "call.json").write_text(text + "\n", encoding="utf-8")


async def _search(door: Door, call: dict[str, Any], console: Console) -> None:
    """Search for the words of the first quote, else for what was first said."""
    insights = (call["analysis"] or {}).get("insights")
    spoken = [said["text"] for said in (call["transcript"] or {}).get("utterances", ())]
    candidates = [*(verified_quotes(insights) if insights else ()), *spoken]
    if candidates:
        words = " ".join(candidates[0].split()[:SEARCH_WORDS])
        show_hits(console, words, await door.search(words))


def _judged(call: dict[str, Any], expected: Sample | None, console: Console) -> int:
    if expected is None:
        return 0 if call["status"] == "completed" else 1
    missing = shortcomings(call, expected)
    for line in missing:
        console.print(f"[bold red]missing[/] {line}", highlight=False)
    return 1 if missing else 0


async def _until_interrupted(console: Console) -> None:
    console.print("\nUp until Ctrl-C.")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    console.print("Stopping …")


if __name__ == "__main__":
    main()
