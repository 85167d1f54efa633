"""What one delivery, or one request, has asked of providers, paid, and brought forward."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Literal

from common.metrics import ProviderMetrics, exemplar
from common.model import CallKey, Work

Answered = Literal["ok", "throttled", "timeout", "unavailable", "refused", "bad_answer"]

STANDARD: Final = "standard"
"""The class of tenants that ``TENANT_CLASSES`` does not name."""


class Account:
    """Totals of one piece of work; each entry is counted by stage, model and class of tenant, too."""

    def __init__(self, stage: str, metrics: ProviderMetrics, classes: Mapping[str, str]) -> None:
        self.stage = stage
        self.metrics = metrics
        self.classes = classes
        self.tenant_id: str | None = None
        self.key: CallKey | None = None
        self.requests = self.input_tokens = self.output_tokens = self.results_kept = 0
        self.audio_seconds = self.cost_usd = 0.0

    def asked(self, provider: str, model: str, outcome: Answered, seconds: float) -> None:
        """A request came to its end."""
        self.requests += 1
        self.metrics.requests.labels(self.stage, provider, model, outcome).inc()
        self.metrics.seconds.labels(self.stage, provider, model).observe(seconds, exemplar())

    def waited(self, model: str, seconds: float) -> None:
        """A request had to wait so long for its limits, or for a provider that failed."""
        self.metrics.limiter_wait.labels(self.stage, model).observe(seconds, exemplar())

    def paid(self, model: str, work: Work) -> None:
        """An answer was paid for, whether or not it is of use."""
        self.input_tokens += work.input_tokens
        self.output_tokens += work.output_tokens
        self.audio_seconds += work.audio_seconds
        self.cost_usd += work.cost_usd or 0.0
        metrics, stage = self.metrics, self.stage
        for kind, tokens in (("input", work.input_tokens), ("output", work.output_tokens)):
            if tokens:
                metrics.tokens.labels(stage, model, kind).inc(tokens)
        if work.audio_seconds:
            metrics.audio_seconds.labels(stage, model).inc(work.audio_seconds)
        if work.cost_usd is not None:
            metrics.cost.labels(stage, model, self._tenant_class).inc(work.cost_usd)

    def kept(self) -> None:
        """A piece of work is done for good: whoever goes on need not repeat it."""
        self.results_kept += 1

    @property
    def _tenant_class(self) -> str:
        return self.classes.get(self.tenant_id or "", STANDARD)


_open: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def accounting(account: Account) -> Iterator[None]:
    """What is asked, paid and kept inside goes into *account*."""
    token = _open.set(account)
    try:
        yield
    finally:
        _open.reset(token)


def current() -> Account | None:
    """The account of the work at hand, if anybody keeps one."""
    return _open.get()
