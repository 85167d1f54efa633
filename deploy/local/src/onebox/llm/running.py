"""The language model as a process, and what the services are told of it."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from onebox.llm.published import NAME, OUTPUT, PATIENCE, LlmError
from onebox.process import LOOPBACK, Command, reserved_port, running_process
from onebox.providers import LOCAL_KEY

LOADING = 120.0  # seconds
PACE = "The analysis takes one to five minutes a call on two idle cores, and several times that on busy ones."


def unrivalled(environment: Mapping[str, str]) -> None:
    """Raise LlmError where the environment names another model for the analysis."""
    if rival := environment.get("ANALYSIS_BASE_URL"):
        raise LlmError(f"LLM=local and ANALYSIS_BASE_URL={rival} name two models: unset one of them.")


@asynccontextmanager
async def running_llm(
    folder: Path, model: Path, environment: Mapping[str, str]
) -> AsyncIterator[dict[str, str]]:
    """Serve the model; yields the variables by which the analyzer finds it."""
    with reserved_port() as port:
        url = f"http://{LOOPBACK}:{port}"
        command = Command(
            name="llm",
            argv=(sys.executable, "-m", "onebox.llm", "--port", str(port), "--model", str(model)),
            ready=f"{url}/health",
            log=folder / "llm" / "llm.log",
            patience=LOADING,
        )
        async with running_process(command):
            yield variables(url, environment)


def variables(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What the analyzer is told; the limits are the operator's, where there are any."""
    limits = {"ANALYSIS_TIMEOUT_SECONDS": str(PATIENCE), "ANALYSIS_MAX_OUTPUT_TOKENS": str(OUTPUT)}
    return {
        "ANALYSIS_BASE_URL": f"{url}/v1",
        "ANALYSIS_API_KEY": LOCAL_KEY,
        "ANALYSIS_MODEL": NAME,
        **{name: environment.get(name) or value for name, value in limits.items()},
    }
