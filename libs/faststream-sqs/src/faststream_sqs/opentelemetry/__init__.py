"""Traces and metrics for OpenTelemetry."""

from .engine import SQSEngineTelemetry
from .middleware import SQSTelemetryMiddleware

__all__ = ("SQSEngineTelemetry", "SQSTelemetryMiddleware")
