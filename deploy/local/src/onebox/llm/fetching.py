"""Everything that must be there before the model is started, fetched where the user sees it."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from onebox.llm.file import model_file
from onebox.llm.published import QWEN
from onebox.llm.running import unrivalled
from onebox.llm.wheel import needed


def fetched(environment: Mapping[str, str], console: Console) -> Path:
    """The model's file; raises LlmError where it, or what it takes to run it, cannot be had."""
    unrivalled(environment)
    needed()
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("model", total=QWEN.size, visible=False)
        return model_file(
            QWEN, environment, console.print, lambda there: bar.update(task, completed=there, visible=True)
        )
