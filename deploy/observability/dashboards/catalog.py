"""Every dashboard under the name of its file."""

import json
from collections.abc import Iterator
from pathlib import Path

from common.pipeline import PIPELINE

from dashboards.cost import cost
from dashboards.logbook import logbook
from dashboards.manual import manual
from dashboards.overview import overview
from dashboards.sdk import JSONEncoder, dashboard
from dashboards.stage import stage_board

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def boards() -> Iterator[dashboard.Dashboard]:
    """All of them, built."""
    yield overview()
    yield from (stage_board(stage) for stage in PIPELINE)
    yield from (cost(), logbook(), manual())


def files() -> dict[str, str]:
    """The text of each file by its name."""
    built = (made.build() for made in boards())
    return {f"{one.uid}.json": _text(one) for one in built}


def _text(built: object) -> str:
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
