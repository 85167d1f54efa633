"""docker-compose.yml as the tests read it."""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from onebox.contracts import ROOT

PATH = ROOT / "docker-compose.yml"
PARTS: Mapping[str, Mapping[str, Any]] = yaml.safe_load(PATH.read_text("utf-8"))["services"]
"""What runs: our services, and what they stand on."""


def told(service: str, **chosen: str) -> dict[str, str]:
    """A service's environment where the caller has *chosen* these variables and no others."""
    environment: Mapping[str, str] = PARTS[service]["environment"]
    return {name: _interpolated(value, chosen) for name, value in environment.items()}


def _interpolated(text: str, chosen: Mapping[str, str]) -> str:
    """``${NAME:-default}`` as compose reads it."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: chosen.get(found[1]) or found[2], text)
