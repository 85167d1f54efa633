"""PromQL in the few shapes the panels need, always within the namespace that was chosen."""

from dataclasses import dataclass

WINDOW = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and what its series are called."""

    expr: str
    legend: str = "__auto"
    exemplar: bool = False


def scoped(metric: str, *matchers: str) -> str:
    """The series of *metric* in the chosen namespace."""
    inside = ",".join(('namespace=~"$namespace"', *matchers))
    return f"{metric}{{{inside}}}"


def per_second(metric: str, *matchers: str, by: str = "", window: str = WINDOW) -> str:
    """How fast a counter grows, summed; *by* names the labels that are kept."""
    return f"{_sum(by)} (rate({scoped(metric, *matchers)}[{window}]))"


def grown(metric: str, *matchers: str, by: str = "", window: str) -> str:
    """By how much a counter grew within *window*."""
    return f"{_sum(by)} (increase({scoped(metric, *matchers)}[{window}]))"


def total(metric: str, *matchers: str, by: str = "") -> str:
    """A gauge, summed over the pods."""
    return f"{_sum(by)} ({scoped(metric, *matchers)})"


def share(part: str, whole: str) -> str:
    """One expression over another."""
    return f"{part}\n/\n{whole}"


def or_zero(expr: str) -> str:
    """0 where nothing of the kind has happened yet: its series is born with the first."""
    return f"{expr} or vector(0)"


def quantile(q: float, histogram: str, *matchers: str, by: str = "", window: str = WINDOW) -> str:
    """A quantile of a histogram, over all pods."""
    labels = f"le, {by}" if by else "le"
    return (
        f"histogram_quantile({q}, {per_second(f'{histogram}_bucket', *matchers, by=labels, window=window)})"
    )


def quantiles(histogram: str, *matchers: str) -> tuple[Query, ...]:
    """The median, the tail and the far tail, with exemplars that lead to traces."""
    return tuple(
        Query(quantile(q, histogram, *matchers), name, exemplar=True)
        for q, name in ((0.5, "median"), (0.95, "p95"), (0.99, "p99"))
    )


def _sum(by: str) -> str:
    return f"sum by ({by})" if by else "sum"
