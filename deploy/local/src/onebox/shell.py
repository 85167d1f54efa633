"""What another shell is told of a running stack: a file of exports, there as long as the stack runs."""

import os
import shlex
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from common.ctl.environment import ToldQueues
from common.provider_settings import AnalysisSettings, TranscriptionSettings
from common.settings import (
    AuditSettings,
    BucketSettings,
    IssuerSettings,
    OpenSearchSettings,
    RedisSettings,
    ServiceSettings,
    variables,
)
from common.vectors.settings import EmbeddingSettings

FILE: Final = Path(".onebox") / "env"

STARTED: Final = "ONEBOX_STARTED"
"""Names what a run started itself, so that the next run in the same shell takes nothing of it for yours."""

_LOGIN: Final = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "DEFAULT_TENANT"}
_READ: Final[tuple[type[ServiceSettings], ...]] = (
    ToldQueues,
    BucketSettings,
    AuditSettings,
    RedisSettings,
    OpenSearchSettings,
    IssuerSettings,
    TranscriptionSettings,
    AnalysisSettings,
    EmbeddingSettings,
)


def exports(environment: Mapping[str, str], caller: Mapping[str, str], entry: Mapping[str, str]) -> str:
    """All that pipelinectl reads of a stack, the *caller*'s choices included, and how one comes in."""
    told = {name: environment[name] for name in sorted(_read() & environment.keys())}
    ours = {STARTED: " ".join(name for name in told if name not in caller)}
    lines = {**told, **ours, **entry}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in lines.items())


def _read() -> set[str]:
    fields = [(name, field) for group in _READ for name, field in group.model_fields.items()]
    return _LOGIN | {variable for name, field in fields for variable in variables(name, field)}


def forget_earlier(environment: MutableMapping[str, str]) -> None:
    """Remove what an earlier run exported: its servers are gone."""
    for name in environment.pop(STARTED, "").split():
        environment.pop(name, None)


@contextmanager
def told_to_shells(text: str, file: Path = FILE) -> Iterator[Path]:
    """Write the exports for their owner alone; at the end remove them, unless another run's are there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # so that nobody keeps reading through what was open before
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    try:
        yield file
    finally:
        if file.is_file() and file.read_text("utf-8") == text:
            file.unlink()
