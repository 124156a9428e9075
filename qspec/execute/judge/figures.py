"""Numbers as a measured block writes them: fractions, seconds, bytes; six significant digits."""

from __future__ import annotations

import math

from qspec.model.quantity import Quantity, Range
from qspec.stats.interval import Interval


def figure(value: float, unit: str | None = None) -> Quantity | None:
    """The value to six significant digits; None where there is no finite value."""
    if not math.isfinite(value):
        return None
    text = f"{value:.6g}"
    return Quantity.of("0" if text == "-0" else text, unit)


def count(value: int, unit: str | None = None) -> Quantity:
    """A whole number, all of its digits."""
    return Quantity.of(str(value), unit)


def span(interval: Interval | None, unit: str | None = None) -> Range | None:
    """An interval; None for an exact value, or where a limit is not finite."""
    if interval is None or interval.is_exact:
        return None
    low, high = figure(interval.low, unit), figure(interval.high, unit)
    return Range(low=low, high=high) if low is not None and high is not None else None
