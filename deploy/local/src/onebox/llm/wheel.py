"""llama.cpp's wheel, which is installed only where a local language model is asked for."""

import importlib
import importlib.util
from typing import Any

from onebox.llm.published import LlmError

_PACKAGE = "xllamacpp"


def needed() -> None:
    """Raise LlmError where the wheel is not installed."""
    if importlib.util.find_spec(_PACKAGE) is None:
        raise LlmError(
            f"LLM=local needs {_PACKAGE}, which is not installed: start by `make run LLM=local`, "
            "which installs it, or `uv sync --all-packages --all-groups --extra llm`."
        )


def llama() -> Any:
    """The module."""
    needed()
    return importlib.import_module(_PACKAGE)
