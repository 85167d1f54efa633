"""Panels as data: a title, a sentence that says what is normal, what is asked, and where to look next."""

from dataclasses import dataclass

from dashboards.queries import Query

THIRD, HALF, FULL = 8, 12, 24  # columns of the 24 that Grafana has


@dataclass(frozen=True, slots=True)
class Graph:
    """Lines over time; *ceiling* is drawn, and nobody should cross it."""

    title: str
    why: str
    queries: tuple[Query, ...]
    unit: str = "short"
    span: int = THIRD
    runbook: str | None = None
    stacked: bool = False
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """The latest value, large; red from *bad_above* on."""

    title: str
    why: str
    query: Query
    unit: str = "short"
    bad_above: float | None = None
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The latest value of each series, as a table."""

    title: str
    why: str
    queries: tuple[Query, ...]
    unit: str = "short"
    span: int = HALF


@dataclass(frozen=True, slots=True)
class Lines:
    """Log lines, newest first."""

    title: str
    why: str
    logql: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many log lines, over time."""

    title: str
    why: str
    logql: str
    legend: str


@dataclass(frozen=True, slots=True)
class Page:
    """Text that is read, not measured."""

    title: str
    markdown: str


Panel = Graph | Number | Rows | Lines | Counts | Page
