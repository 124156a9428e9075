"""Metrics that are means over examples: paired, with standard errors that respect the units."""

from __future__ import annotations

import math

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.estimated import EstimatedContrast, Trio
from qspec.execute.contrasts.linear import Linear
from qspec.stats.interval import Interval
from qspec.stats.means import mean, paired_mean_loss
from qspec.stats.sequential import sequential_mean


class MeanContrast(EstimatedContrast):
    """The paired mean with a cluster-robust t (Miller 2024), or its confidence sequence."""

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The interval of a weighted sum of the two means."""
        if not self.sides.sequential:
            return super().combined(form, confidence)
        estimate = self.trio.combine(form)
        deviation = estimate.standard_error * math.sqrt(estimate.units)
        return sequential_mean(estimate.value, deviation, estimate.units, estimate.units, confidence)


@registry.register("mean")
def mean_contrast(sides: Sides) -> Contrast:
    """Average the first column of either model; `sides` holds no examples outside the denominator."""
    baseline, quantized = sides.baseline[:, 0], sides.quantized[:, 0]
    difference = paired_mean_loss(baseline, quantized, higher_is_better=True, clusters=sides.units)
    return MeanContrast(sides, Trio(mean(baseline, sides.units), mean(quantized, sides.units), difference))
