"""Contrasts from two values and the standard errors of each and of their difference."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from qspec.execute.contrasts.contrast import Sides
from qspec.execute.contrasts.linear import Linear, LinearContrast
from qspec.stats.decision import Relation
from qspec.stats.estimate import Estimate
from qspec.stats.interval import Interval, boundary


@dataclass(frozen=True, slots=True)
class Trio:
    """Both models' values and their difference, each with its standard error.

    The difference may have either sign where there are no third moments, and is baseline less quantized where there are.
    """

    baseline: Estimate
    quantized: Estimate
    difference: Estimate

    def combine(self, form: Linear, mixed: float = 0.0) -> Estimate:
        """The weighted sum; its moments follow from those of the three, without cancelling where weights are opposite.

        `mixed` is the third moment of the baseline twice and the other once, which counts where a share is asked for.
        """
        a, c = form.base, form.quantized
        base, quantized, apart = self.baseline, self.quantized, self.difference
        first, second, distance = (one.standard_error**2 for one in (base, quantized, apart))
        variance = (a + c) * (a * first + c * second) - a * c * distance
        opposite = a * c * c * apart.third
        third = (a + c) * (a * (a - c) * base.third + c * c * quantized.third + 3 * a * c * mixed) + opposite
        value = a * base.value + c * quantized.value
        error = math.sqrt(max(variance, 0.0))
        return replace(apart, value=value, standard_error=error, third=third)


class EstimatedContrast(LinearContrast):
    """Decided by Student's t or the normal on a weighted sum of both values."""

    def __init__(self, sides: Sides, trio: Trio) -> None:
        super().__init__(sides, trio.baseline.value, trio.quantized.value)
        self.trio = trio

    @property
    def units(self) -> int:
        """Independent units behind it."""
        return self.trio.difference.units

    def estimate(self, form: Linear) -> Estimate:
        """A weighted sum of the two values, and how it varies."""
        return self.trio.combine(form)

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The interval of a weighted sum of the two values."""
        return self.estimate(form).interval(confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        return self.estimate(form).level(relation, form.threshold)

    def share(self, confidence: float, *, errors: bool = False) -> Interval:
        """Quantized over baseline by Fieller (1954, J. R. Stat. Soc. B 16:175): the ratios no widened sum refutes.

        Unbounded where the baseline itself is not told from zero. Errors, one minus either value, vary as those do.
        """

        def excess(ratio: float) -> Interval:
            """The quantized value less so many times the baseline's."""
            if not errors:
                return self.widened(self.combined(Linear(-ratio, 1.0), confidence))
            return self.widened(self.combined(Linear(ratio, -1.0), confidence)).affine(1.0, 1 - ratio)

        whole = self.combined(Linear(1.0, 0.0), confidence)
        base, quantized = (1 - one if errors else one for one in (self.baseline, self.quantized))
        if errors:
            whole = whole.affine(-1.0, 1.0)
        estimate, apart = quantized / base, excess(quantized / base)
        method = f"{apart.method}-fieller"
        step = apart.half_width / abs(base)
        if whole.contains(0.0) or math.isinf(step):
            return Interval(estimate, -math.inf, math.inf, confidence, method)
        if not step > 0:
            return Interval(estimate, estimate, estimate, confidence, method)
        low = _outermost(lambda ratio: excess(ratio).low <= 0, estimate, -step)
        high = _outermost(lambda ratio: excess(ratio).high >= 0, estimate, step)
        return Interval(estimate, low, high, confidence, method)


def _outermost(inside: Callable[[float], bool], start: float, step: float) -> float:
    """The point at which `inside` turns false, from `start` on in steps that double; infinite where it does not."""
    end = start + step
    while inside(end):
        step *= 2
        start, end = end, end + step
        if not math.isfinite(end):
            return end
    return boundary(inside, start, end)
