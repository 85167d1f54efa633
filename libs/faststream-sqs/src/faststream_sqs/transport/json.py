"""JSON by orjson where it is installed, else by the standard library."""

import importlib
import importlib.util
import json
from typing import Any

_FAST = importlib.import_module("orjson") if importlib.util.find_spec("orjson") else None


def _dumps(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def dumps(content: Any) -> bytes:
    """The content as UTF-8."""
    return bytes(_FAST.dumps(content)) if _FAST else _dumps(content)


def loads(content: bytes) -> Any:
    """What the bytes say; raises ValueError."""
    return _FAST.loads(content) if _FAST else json.loads(content)
