"""Contrasts from resampled values: the paired bootstrap, whatever a metric computes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from qspec.execute.contrasts.contrast import Sides
from qspec.execute.contrasts.linear import Linear, LinearContrast
from qspec.stats.bootstrap import Replicates, replicates_for
from qspec.stats.decision import Relation
from qspec.stats.estimate import FloatArray, IntArray, codes
from qspec.stats.interval import InsufficientDataError, Interval

Resampling = Callable[[int], tuple[FloatArray, FloatArray]]
"""From a number of resamples to the baseline's and the quantized model's values on each; the first are always the same."""

LEAST_IN_TAIL = 5
"""Resamples beyond a limit, or on the other side of a bound, below which more are drawn to tell how few they are."""
MOST_TIMES = 50
"""How many times the usual number is drawn at most; with more comparisons none is refuted by resampling alone."""


class ResampledContrast(LinearContrast):
    """Both models' values on the sample, and on every resample of its units: (replicates,), nan where undefined."""

    def __init__(
        self,
        sides: Sides,
        values: tuple[float, float],
        resampled: tuple[FloatArray, FloatArray],
        units: int,
        more: Resampling,
    ) -> None:
        super().__init__(sides, *values)
        self.resampled, self._units, self._more = resampled, units, more

    @property
    def units(self) -> int:
        """Independent units behind it."""
        return self._units

    @cached_property
    def _longer(self) -> tuple[FloatArray, FloatArray]:
        """So many resamples that any one of all comparisons can be refuted after Holm."""
        drawn = len(self.resampled[0])
        wanted = replicates_for(self.sides.comparisons, self.sides.confidence)
        return self._more(min(wanted, MOST_TIMES * drawn)) if wanted > drawn else self.resampled

    def _replicates(self, form: Linear, resampled: tuple[FloatArray, FloatArray]) -> Replicates:
        estimate = form.base * self.baseline + form.quantized * self.quantized
        first, second = resampled
        # A weight of zero must not let the other model's undefined values through.
        values = form.quantized * second + (form.base * first if form.base else 0.0)
        return Replicates(estimate, values, self._units)

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The percentile interval of a weighted sum of the two values."""
        tail = len(self.resampled[0]) * (1 - confidence) / 2
        resampled = self.resampled if tail >= LEAST_IN_TAIL else self._longer
        return self._replicates(form, resampled).percentile(confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        level = self._replicates(form, self.resampled).level(relation, form.threshold)
        if level * len(self.resampled[0]) > 2 * LEAST_IN_TAIL:
            return level
        return self._replicates(form, self._longer).level(relation, form.threshold)

    def share(self, confidence: float, *, errors: bool = False) -> Interval:
        """Percentiles of the ratio, undefined where a resampled baseline is not positive: as the sums decide."""
        first, second = self.resampled
        base, quantized = self.baseline, self.quantized
        if errors:
            first, second, base, quantized = 1 - first, 1 - second, 1 - base, 1 - quantized
        ratio = np.divide(second, first, out=np.full_like(second, np.nan), where=first > 0)
        return Replicates(quantized / base, ratio, self._units).percentile(confidence)


def resampled_by_unit(
    sides: Sides, replicates: int, score: Callable[[IntArray], tuple[float, float]]
) -> ResampledContrast:
    """Draw units with replacement and score both models on the same draws.

    `score` takes how often each example counts, (examples,), and gives the baseline's and the quantized model's value.
    """
    index, units = codes(sides.units, sides.n, "units")
    if units < 2:
        raise InsufficientDataError(f"A bootstrap needs two independent units; there are {units}.")

    def resampled(count: int) -> tuple[FloatArray, FloatArray]:
        generator = np.random.default_rng(sides.seed)
        values = np.empty((2, count))
        for replicate in range(count):
            drawn = np.bincount(generator.integers(0, units, units), minlength=units)
            values[:, replicate] = score(drawn[index])
        return values[0], values[1]

    estimates = score(np.ones(sides.n, dtype=np.int64))
    return ResampledContrast(sides, estimates, resampled(replicates), units, resampled)
