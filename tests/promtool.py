"""Debian's Prometheus and its promtool: on PATH, named by a variable, or fetched by our script."""

import os
import shutil
from pathlib import Path

import pytest

FETCHED = Path.home() / ".cache" / "callstream-prometheus" / "usr" / "bin"


def program(name: str) -> str:
    """Where *name* is; the test is skipped, saying what to do, where it is not."""
    named = os.environ.get(name.upper())
    found = named or shutil.which(name) or shutil.which(name, path=FETCHED)
    if not found:
        pytest.skip(f"no {name} here: deploy/observability/prometheus/fetch gets it where apt can")
    return found
