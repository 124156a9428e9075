"""Calibration errors: decided on the debiased squared error, the raw one reported with what chance alone shows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, cast

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import (
    Asked,
    Contrast,
    OverSides,
    Question,
    Sides,
    exact,
    point,
    searched,
)
from qspec.execute.contrasts.estimated import EstimatedContrast, Trio
from qspec.execute.contrasts.linear import Linear
from qspec.stats.calibration import calibration_loss, ece_floor
from qspec.stats.decision import Verdict
from qspec.stats.interval import InsufficientDataError, Interval

ROOT = "root-debiased-calibration"


@registry.register("calibration")
def calibration(sides: Sides) -> Contrast:
    """Compare (confidence, correct) of both models in the metric's bins."""
    bins = sides.metric.parameters.count("bins")
    if sides.n < 10 * bins:  # before anything is allocated by the number of bins
        raise InsufficientDataError(
            f"{sides.n} examples do not fill {bins} bins; a calibration error needs ten a bin.",
            hint="use fewer bins or more examples",
        )
    binning = cast(Literal["equal-width", "equal-mass"], sides.metric.parameters.word("binning"))
    base, quantized = ((c[:, 0], c[:, 1]) for c in (sides.baseline, sides.quantized))
    # A model whose confidence is its correctness has no gap and no influence: against it the error stands alone.
    first, second = (
        calibration_loss((one[1], one[1]), one, bins, binning, sides.units) for one in (base, quantized)
    )
    difference = calibration_loss(base, quantized, bins, binning, sides.units)
    if sides.metric.name != "ece":
        first, second = (
            replace(one, value=sides.metric.score(columns))
            for one, columns in ((first, sides.baseline), (second, sides.quantized))
        )
        return EstimatedContrast(sides, Trio(first, second, difference))
    squared = EstimatedContrast(sides, Trio(first, second, difference))
    floors = ece_floor(base[0], bins, binning), ece_floor(quantized[0], bins, binning)
    values = sides.metric.score(sides.baseline), sides.metric.score(sides.quantized)
    return EceContrast(sides, squared, values, floors)


class EceContrast(OverSides):
    """The expected calibration error: shown raw, its loss bounded through the debiased squared error.

    With S the squared errors and e their roots, e_q = sqrt(e_b^2 + S_q - S_b): limits for the difference of the
    squares give limits for that of the roots, in the unit of the claim.
    """

    def __init__(
        self,
        sides: Sides,
        squared: EstimatedContrast,
        values: tuple[float, float],
        floors: tuple[float, float],
    ) -> None:
        self.sides, self.squared, self.values, self.floors = sides, squared, values, floors

    def note(self, asked: Asked) -> str:
        """What chance alone shows, and why the interval of a loss is wide where next to nothing changed."""
        told = (
            f"perfectly calibrated models would show an ECE of about {self.floors[0]:.4f} and "
            f"{self.floors[1]:.4f} here by chance; the verdict rests on the debiased squared error"
        )
        return "; ".join(one for one in (told, self.squared.note(asked)) if one)

    @property
    def baseline(self) -> float:
        """The baseline's raw ECE."""
        return self.values[0]

    @property
    def quantized(self) -> float:
        """The quantized model's raw ECE."""
        return self.values[1]

    @property
    def loss(self) -> float:
        """How much the raw ECE grew."""
        return self.quantized - self.baseline

    def interval(self, asked: Asked, confidence: float) -> Interval:
        """The interval of the growth of the error, or of its value; of nothing else."""
        if asked is Asked.VALUE:
            found = self.squared.interval(Asked.VALUE, confidence)
            return _of(_root(found.estimate), _root(found.low), _root(found.high), confidence)
        if asked is not Asked.LOSS:
            raise InsufficientDataError(
                f"The {asked.value} of an ECE has no interval: its denominator is biased.",
                hint="bound the loss itself, or calibration-error, brier or nll",
            )
        growth = self.squared.combined(Linear.of(asked, 0.0, higher=False), confidence)
        most = _root(self.squared.trio.baseline.interval(confidence).high)
        estimate = _root(self.squared.quantized) - _root(self.squared.baseline)
        low = _root(most**2 + growth.low) - most if growth.low > 0 else -math.sqrt(-growth.low)
        high = _root(most**2 + growth.high) - most if growth.high < 0 else math.sqrt(growth.high)
        # Unseen changes move the error itself: the root of what they add to its square would be out of all proportion.
        return self.squared.widened(_of(estimate, low, high, confidence))

    def judge(self, question: Question) -> Verdict:
        """The verdict; over exactly these examples it is the raw error's."""
        if question.fixed:
            return exact(point(self, question.asked), question)
        self.squared.require_units()
        return searched(lambda confidence: self.interval(question.asked, confidence), question, self.n)


def _root(square: float) -> float:
    return math.sqrt(max(square, 0.0))


def _of(estimate: float, low: float, high: float, confidence: float) -> Interval:
    return Interval(estimate, low, high, confidence, ROOT)
