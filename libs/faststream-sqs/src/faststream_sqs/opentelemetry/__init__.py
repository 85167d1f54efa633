"""Traces and metrics for OpenTelemetry."""

from .middleware import SQSTelemetryMiddleware

__all__ = ("SQSTelemetryMiddleware",)
