"""Metrics: one family a file, definition beside computation beside sufficient statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.registry import Registry

if TYPE_CHECKING:
    from qspec.metrics.definition import Metric

registry: Registry[Metric] = Registry("metric", "qspec.metrics")
