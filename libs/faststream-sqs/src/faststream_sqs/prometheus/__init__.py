"""Metrics for Prometheus: FastStream's per message, the engine's per request and lease."""

from .engine import SQSEngineMetrics
from .middleware import SQSPrometheusMiddleware

__all__ = ("SQSEngineMetrics", "SQSPrometheusMiddleware")
