"""Charts as inline SVG: pure functions of plain plots, without libraries, coloured by the page's style sheet."""

from __future__ import annotations

from qspec.report.charts.bars import bars_chart
from qspec.report.charts.forest import forest_chart
from qspec.report.charts.tradeoff import tradeoff_chart

NARROW = 340.0
WIDE = 760.0

__all__ = ["NARROW", "WIDE", "bars_chart", "forest_chart", "tradeoff_chart"]
