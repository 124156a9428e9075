"""What the charts draw: plain numbers in the unit of their axis, and finished words; no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standing = Literal["within", "beyond", "across", "unbounded"]
"""Where an interval lies against the bounds on it: inside all, outside one, on both sides, or no bound."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot; a row without an estimate is a heading."""

    label: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    loss: str = ""
    interval: str = ""
    standing: Standing = "unbounded"
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class ForestBound:
    """A bound, with its place on the axis for every row it speaks of and None for the others."""

    label: str
    places: tuple[float | None, ...]
    foretold: bool = False
    """Whether the claim expects another outcome than confirmed."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Estimates with their intervals: the whole first, then each stratification, worst first."""

    title: str
    axis: str
    description: str
    rows: tuple[ForestRow, ...]
    bounds: tuple[ForestBound, ...]
    unit: str = ""
    left_out: int = 0

    @property
    def foretells(self) -> bool:
        """Whether the claim expects some bound to come out otherwise than confirmed."""
        return any(bound.foretold for bound in self.bounds)


@dataclass(frozen=True, slots=True)
class Point:
    """One model in the plane of speed and accuracy, with its intervals where there are any."""

    label: str
    x: float
    y: float
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Baseline and quantized model in the plane of speed and accuracy."""

    title: str
    description: str
    x_axis: str
    y_axis: str
    baseline: Point
    quantized: Point


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a length, its figure, and whether it is what the eye should go to."""

    label: str
    value: float
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Lengths compared with one whole."""

    title: str
    description: str
    whole: float
    bars: tuple[Bar, ...]
