"""What a contrast answers, and the question it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qspec.metrics.bind import BoundMetric
from qspec.stats.decision import Relation, Verdict, decide, deciding_n_by_width, level_by_search
from qspec.stats.interval import Interval


class Asked(StrEnum):
    """Which comparison of the two models is bounded."""

    LOSS = "loss"
    """Baseline minus quantized (or the reverse, where lower is better), in the metric's own unit."""
    RELATIVE = "relative loss"
    """The loss as a share of the baseline's value."""
    ERROR_GROWTH = "growth of the error"
    """By which share of itself the error, one minus the metric, grew."""
    RATIO = "ratio"
    """Quantized over baseline."""
    VALUE = "value"
    """The quantized model's value alone."""


@dataclass(frozen=True, slots=True)
class Question:
    """A bounded comparison; `bound` in base units, `fixed` when exactly these examples are meant."""

    asked: Asked
    relation: Relation
    bound: float
    confidence: float = 0.95
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """The stored columns of both models, shape (examples, columns), and what varies independently, (examples,)."""

    metric: BoundMetric
    baseline: NDArray[np.float64]
    quantized: NDArray[np.float64]
    units: NDArray[np.int64] | None = None
    seed: int = 0

    def take(self, rows: NDArray[np.bool_]) -> Sides:
        """The examples that a mask selects."""
        units = self.units[rows] if self.units is not None else None
        return Sides(self.metric, self.baseline[rows], self.quantized[rows], units, self.seed)


class Contrast(Protocol):
    """Two models on one metric over one set of examples."""

    @property
    def n(self) -> int:
        """Independent units behind it."""

    @property
    def baseline(self) -> float:
        """The baseline's value."""

    @property
    def quantized(self) -> float:
        """The quantized model's value."""

    @property
    def loss(self) -> float:
        """What was lost, in the metric's own unit; positive is worse."""

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of a comparison; raises `QSpecError` for one that this family cannot answer."""

    def judge(self, question: Question) -> Verdict:
        """The verdict on a bounded comparison."""


def exact(value: float, question: Question) -> Verdict:
    """The verdict where there is no sampling error: a difference over exactly these examples is a census."""
    interval = Interval.exact(value, "census")
    outcome = decide(interval, question.relation, question.bound)
    return Verdict(outcome, interval, interval, 1.0 if outcome == "confirmed" else 0.0)


def searched(interval_at: Callable[[float], Interval], question: Question, n: int) -> Verdict:
    """The verdict by one interval for both sides, its level found by search over confidences."""
    interval = interval_at(question.confidence)
    outcome = decide(interval, question.relation, question.bound)
    level = level_by_search(interval_at, question.relation, question.bound)
    needed = deciding_n_by_width(interval, question.bound, n) if outcome == "inconclusive" else None
    return Verdict(outcome, interval, interval, level, needed)


def point(contrast: Contrast, asked: Asked) -> float:
    """The observed value of a comparison."""
    base, quantized, loss = contrast.baseline, contrast.quantized, contrast.loss
    match asked:
        case Asked.LOSS:
            return loss
        case Asked.VALUE:
            return quantized
        case Asked.RATIO:
            return quantized / base if base else float("nan")
        case Asked.RELATIVE:
            return loss / base if base else float("nan")
        case _:
            return loss / (1 - base) if base != 1 else float("nan")
