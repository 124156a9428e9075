"""Contrasts from resampled values: the paired bootstrap, whatever a metric computes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qspec.execute.contrasts.contrast import Sides
from qspec.execute.contrasts.linear import Linear, LinearContrast
from qspec.stats.bootstrap import Replicates
from qspec.stats.decision import Relation
from qspec.stats.estimate import FloatArray, IntArray, codes
from qspec.stats.interval import InsufficientDataError, Interval


class ResampledContrast(LinearContrast):
    """Both models' values on the sample, and on every resample of its units: (replicates,), nan where undefined."""

    def __init__(
        self, sides: Sides, values: tuple[float, float], resampled: tuple[FloatArray, FloatArray], units: int
    ) -> None:
        super().__init__(sides, *values)
        self.resampled, self._units = resampled, units

    @property
    def units(self) -> int:
        """Independent units behind it."""
        return self._units

    def _replicates(self, form: Linear) -> Replicates:
        estimate = form.base * self.baseline + form.quantized * self.quantized
        first, second = self.resampled
        # A weight of zero must not let the other model's undefined values through.
        values = form.quantized * second + (form.base * first if form.base else 0.0)
        return Replicates(estimate, values, self._units)

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The percentile interval of a weighted sum of the two values."""
        return self._replicates(form).percentile(confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        return self._replicates(form).level(relation, form.threshold)

    def share(self, confidence: float) -> Interval:
        """Percentiles of the ratio, undefined where a resampled baseline is not positive: as the sums decide."""
        first, second = self.resampled
        ratio = np.divide(second, first, out=np.full_like(second, np.nan), where=first > 0)
        return Replicates(self.quantized / self.baseline, ratio, self._units).percentile(confidence)


def resampled_by_unit(
    sides: Sides, replicates: int, score: Callable[[IntArray], tuple[float, float]]
) -> ResampledContrast:
    """Draw units with replacement and score both models on the same draws.

    `score` takes how often each example counts, (examples,), and gives the baseline's and the quantized model's value.
    """
    index, units = codes(sides.units, sides.n, "units")
    if units < 2:
        raise InsufficientDataError(f"A bootstrap needs two independent units; there are {units}.")
    generator = np.random.default_rng(sides.seed)
    values = np.empty((2, replicates))
    for replicate in range(replicates):
        drawn = np.bincount(generator.integers(0, units, units), minlength=units)
        values[:, replicate] = score(drawn[index])
    estimates = score(np.ones(sides.n, dtype=np.int64))
    return ResampledContrast(sides, estimates, (values[0], values[1]), units)
