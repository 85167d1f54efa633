"""What a person reads, or a program: a table, or the same as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import typer
from pydantic import BaseModel

Rows = Sequence[Mapping[str, Any]]


def say(found: Any, *, as_json: bool) -> None:
    """Print nouns, or a list of them."""
    plain = _plain(found)
    if as_json:
        typer.echo(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())
    elif isinstance(plain, list):
        typer.echo(table(plain))
    else:
        typer.echo(_sections(plain))


def table(rows: Rows) -> str:
    """Columns as wide as they need to be, under their names."""
    if not rows:
        return "none"
    names = list(rows[0])
    lines = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(names))]
    return "\n".join(_line(line, widths) for line in lines)


def _plain(found: Any) -> Any:
    if isinstance(found, BaseModel):
        return found.model_dump(mode="json")
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [_plain(one) for one in found]
    return found


def _sections(plain: Mapping[str, Any]) -> str:
    """Single facts first, then a table for each list."""
    facts = {name: value for name, value in plain.items() if not isinstance(value, list)}
    lists = {name: value for name, value in plain.items() if isinstance(value, list)}
    head = "\n".join(f"{name}: {_cell(value)}" for name, value in facts.items())
    return "\n\n".join([head, *(f"{name}\n{table(rows)}" for name, rows in lists.items())]).strip()


def _line(cells: list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case datetime():
            return value.isoformat(timespec="seconds")
        case dict():
            return ", ".join(f"{name}={_cell(one)}" for name, one in value.items() if one is not None)
        case _:
            return str(value)
