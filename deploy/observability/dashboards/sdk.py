"""The only door to the SDK, whose classic dashboards (what every Grafana provisions) warn when imported."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import (
        common,
        dashboard,
        logs,
        loki,
        prometheus,
        stat,
        table,
        text,
        timeseries,
    )
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models import common as common_models
    from grafana_foundation_sdk.models import dashboard as models
    from grafana_foundation_sdk.models import prometheus as prometheus_models
    from grafana_foundation_sdk.models import text as text_models

__all__ = (
    "JSONEncoder",
    "common",
    "common_models",
    "dashboard",
    "logs",
    "loki",
    "models",
    "prometheus",
    "prometheus_models",
    "stat",
    "table",
    "text",
    "text_models",
    "timeseries",
)
