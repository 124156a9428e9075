"""Contrasts from resampled values: the paired bootstrap, whatever a metric computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

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
    """Both models' values on the sample, and on every resample of its units: (replicates,), nan where undefined.

    `left_out` holds their values without each group of units, (groups,), where those are cheap to have.
    """

    def __init__(
        self,
        sides: Sides,
        values: tuple[float, float],
        units: int,
        resampling: Resampling,
        replicates: int,
        left_out: tuple[FloatArray, FloatArray] | None = None,
    ) -> None:
        super().__init__(sides, *values)
        self._units, self._resampling, self._drawn, self.left_out = units, resampling, replicates, left_out

    @cached_property
    def resampled(self) -> tuple[FloatArray, FloatArray]:
        """Both models' values on as many resamples as are usual."""
        return self._resampling(self._drawn)

    @property
    def units(self) -> int:
        """Independent units behind it."""
        return self._units

    @cached_property
    def _longer(self) -> tuple[FloatArray, FloatArray]:
        """So many resamples that any one of all comparisons can be refuted after Holm."""
        wanted = replicates_for(self.sides.comparisons, self.sides.confidence)
        if wanted <= self._drawn:
            return self.resampled
        return self._resampling(min(wanted, MOST_TIMES * self._drawn))

    def _replicates(self, form: Linear, resampled: tuple[FloatArray, FloatArray]) -> Replicates:
        def summed(first: Any, second: Any) -> Any:
            # A weight of zero must not let the other model's undefined values through.
            return form.quantized * second + (form.base * first if form.base else 0.0)

        without = summed(*self.left_out) if self.left_out is not None else None
        return Replicates(summed(self.baseline, self.quantized), summed(*resampled), self._units, without)

    def combined(self, form: Linear, confidence: float) -> Interval:
        """The bootstrap interval of a weighted sum of the two values."""
        found = self._replicates(form, self.resampled)
        if min(found.shares(confidence)) * len(found.values) < LEAST_IN_TAIL:
            found = self._replicates(form, self._longer)
        return found.interval(confidence)

    def level(self, form: Linear, relation: Relation) -> float:
        """Smallest 1 - confidence at which the sum lies on the wrong side of its threshold."""
        found = self._replicates(form, self.resampled)
        if found.beyond(relation, form.threshold) < LEAST_IN_TAIL:
            found = self._replicates(form, self._longer)
        return found.level(relation, form.threshold)

    def share(self, confidence: float, *, errors: bool = False) -> Interval:
        """The interval of the ratio, undefined where a resampled baseline is not positive: as the sums decide.

        Either limit is that of the quantized value with the slack against it, as the widened sums have it.
        """
        slack = self.slack(confidence)
        low, high = self._ratio(-slack, confidence, errors), self._ratio(slack, confidence, errors)
        return replace(self._ratio(0.0, confidence, errors), low=low.low, high=high.high) if slack else low

    def _ratio(self, more: float, confidence: float, errors: bool) -> Interval:
        """The interval of the quantized value, or error, and so much more over the baseline's."""

        def ratio(first: Any, second: Any) -> Any:
            if errors:
                first, second = 1 - first, 1 - second
            return np.divide(
                second + more, first, out=np.full(np.shape(second), np.nan), where=np.asarray(first) > 0
            )

        without = ratio(*self.left_out) if self.left_out is not None else None
        estimate = float(ratio(self.baseline, self.quantized))
        return Replicates(estimate, ratio(*self.resampled), self._units, without).interval(confidence)


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
    return ResampledContrast(sides, estimates, units, resampled, replicates)
