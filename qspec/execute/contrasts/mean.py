"""Metrics that are means over examples: paired, with standard errors that respect the units."""

from __future__ import annotations

import math
from functools import cached_property

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.estimated import EstimatedContrast, Trio
from qspec.execute.contrasts.linear import Linear
from qspec.stats.decision import Relation, level_by_search
from qspec.stats.estimate import Estimate
from qspec.stats.interval import InsufficientDataError, Interval
from qspec.stats.means import joint_third_moment, mean, paired_mean_loss
from qspec.stats.sequential import LEAST_LOOK, sequential_mean


class MeanContrast(EstimatedContrast):
    """The paired mean with a cluster-robust t (Miller 2024) and its correction for skewness, or a confidence sequence."""

    def estimate(self, form: Linear) -> Estimate:
        """A weighted sum of the two means, and how it varies."""
        shares = form.base and form.quantized and form.base + form.quantized
        return self.trio.combine(form, self._mixed if shares else 0.0)

    @cached_property
    def _mixed(self) -> float:
        sides = self.sides
        return joint_third_moment(sides.baseline[:, 0], sides.quantized[:, 0], sides.units)

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The interval of a weighted sum of the two means."""
        if not self.sides.sequential:
            return super().combined(form, confidence)
        estimate = self.estimate(form)
        if estimate.units < LEAST_LOOK:
            raise InsufficientDataError(
                f"{estimate.units} independent units are too early to look; a sequence holds from {LEAST_LOOK} on."
            )
        deviation = estimate.standard_error * math.sqrt(estimate.units)
        return sequential_mean(estimate.value, deviation, estimate.units, estimate.units, confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        if not self.sides.sequential:
            return super().level(form, relation)
        return level_by_search(lambda confidence: self.combined(form, confidence), relation, form.threshold)


@registry.register("mean")
def mean_contrast(sides: Sides) -> Contrast:
    """Average the first column of either model; `sides` holds no examples outside the denominator."""
    baseline, quantized = sides.baseline[:, 0], sides.quantized[:, 0]
    difference = paired_mean_loss(baseline, quantized, higher_is_better=True, clusters=sides.units)
    return MeanContrast(sides, Trio(mean(baseline, sides.units), mean(quantized, sides.units), difference))
