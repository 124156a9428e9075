"""Contrasts from two values and the standard errors of each and of their difference."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from qspec.execute.contrasts.contrast import Sides
from qspec.execute.contrasts.linear import Linear, LinearContrast
from qspec.stats.decision import Relation
from qspec.stats.estimate import Estimate
from qspec.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class Trio:
    """Both models' values and their difference (either sign), each with its standard error."""

    baseline: Estimate
    quantized: Estimate
    difference: Estimate

    def combine(self, form: Linear) -> Estimate:
        """The weighted sum; its variance follows from the three, without cancelling where weights are opposite."""
        a, c = form.base, form.quantized
        first, second, apart = (
            one.standard_error**2 for one in (self.baseline, self.quantized, self.difference)
        )
        variance = (a + c) * (a * first + c * second) - a * c * apart
        value = a * self.baseline.value + c * self.quantized.value
        return replace(self.difference, value=value, standard_error=math.sqrt(max(variance, 0.0)))


class EstimatedContrast(LinearContrast):
    """Decided by Student's t or the normal on a weighted sum of both values."""

    def __init__(self, sides: Sides, trio: Trio) -> None:
        super().__init__(sides, trio.baseline.value, trio.quantized.value)
        self.trio = trio

    @property
    def units(self) -> int:
        """Independent units behind it."""
        return self.trio.difference.units

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The interval of a weighted sum of the two values."""
        return self.trio.combine(form).interval(confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        return self.trio.combine(form).level(relation, form.threshold)

    def share(self, confidence: float, *, errors: bool = False) -> Interval:
        """Quantized over baseline by Fieller (1954, J. R. Stat. Soc. B 16:175): the ratios no sum refutes.

        Unbounded where the baseline itself is not told from zero. Errors, one minus either value, vary as those do.
        """
        base, quantized, apart = self.trio.baseline, self.trio.quantized, self.trio.difference
        if errors:
            base, quantized = (replace(one, value=1 - one.value) for one in (base, quantized))
        t2 = replace(apart, value=0.0, standard_error=1.0).interval(confidence).high ** 2
        first, second = base.standard_error**2, quantized.standard_error**2
        shared = (first + second - apart.standard_error**2) / 2
        a = base.value**2 - t2 * first
        b = base.value * quantized.value - t2 * shared
        c = quantized.value**2 - t2 * second
        estimate, method = quantized.value / base.value, f"{apart.method}-fieller"
        if a <= 0:
            return Interval(estimate, -math.inf, math.inf, confidence, method)
        spread = math.sqrt(max(b * b - a * c, 0.0))
        return Interval(estimate, (b - spread) / a, (b + spread) / a, confidence, method)
