"""One stage in depth: the same rows for each, with its name and its service's put in."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from common.pipeline import Stage

from dashboards.board import Row, board
from dashboards.sdk import dashboard
from dashboards.stage_queue import QUEUE
from dashboards.stage_sqs import SQS
from dashboards.stage_surroundings import DOOR, LANGUAGE, SCALING, SPEECH, SWEEPER
from dashboards.stage_work import LOGS, NOW, WORK

OWN = {"ingest": (DOOR, SWEEPER), "transcribe": (SPEECH,), "analyze": (LANGUAGE,), "embed": (LANGUAGE,)}


def stage_board(stage: Stage) -> dashboard.Dashboard:
    """What this stage does, waits for, pays and says."""
    rows: tuple[Row, ...] = (NOW, WORK, QUEUE, SQS, *OWN[stage.name], SCALING, LOGS)
    return board(
        f"callstream-{stage.name}",
        f"Callstream / Stage {stage.name}",
        f"The {stage.service}: one queue, one handler.",
        (_about(stage, row) for row in rows),
    )


def _about(stage: Stage, value: Any) -> Any:
    """The same panels with ``$stage`` and ``$service`` put in: no link changes what a page is about."""
    if isinstance(value, str):
        return value.replace("$stage", stage.name).replace("$service", stage.service)
    if isinstance(value, tuple):
        return tuple(_about(stage, one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _about(stage, getattr(value, one.name)) for one in fields(value)})
    return value
