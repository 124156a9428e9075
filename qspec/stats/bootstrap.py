"""The grouped paired bootstrap: one pass over the examples, one matrix product for all metrics and strata."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from qspec.errors import QSpecError
from qspec.stats.decision import Relation
from qspec.stats.estimate import FEW_CLUSTERS, FloatArray, IntArray, codes
from qspec.stats.interval import InsufficientDataError, Interval, check_confidence

MOST_GROUPS = 500
LEAST_REPLICATES = 2000

Metric = Callable[[FloatArray], FloatArray]


def replicates_for(comparisons: int, confidence: float = 0.95) -> int:
    """Replicates at which one comparison of so many can still be refuted after Holm; at least 2000."""
    check_confidence(confidence)
    return max(LEAST_REPLICATES, math.ceil(4 * comparisons / (1 - confidence)))


def group_units(units: ArrayLike | None, n: int, seed: int, most: int = MOST_GROUPS) -> tuple[IntArray, int]:
    """Put each example's unit into one of at most `most` groups by a seeded shuffle; groups, and how many.

    units has shape (n,), or is None where every example is its own. Groups hold equally many units, give or
    take one; with no more units than groups every unit is a group of its own.
    """
    index, count = codes(units, n, "units")
    if count <= most:
        return index, count
    shuffled = _shuffled(count, most, seed)
    return shuffled if units is None else shuffled[index], most


@lru_cache(maxsize=128)
def _shuffled(count: int, most: int, seed: int) -> IntArray:
    """The group of each of `count` units; kept, since every metric asks for the same on the same strata."""
    groups = np.random.default_rng(seed).permutation(count) % most
    groups.flags.writeable = False
    return groups


def group_sums(
    statistics: ArrayLike,
    groups: IntArray,
    group_count: int,
    strata: IntArray | None = None,
    strata_count: int = 1,
) -> FloatArray:
    """Sums of the columns of `statistics` (n, k) in every stratum and group: shape (strata, groups, k).

    An example whose stratum is -1 belongs to none and is left out.
    """
    columns = np.asarray(statistics, dtype=np.float64)
    if columns.ndim == 1:
        columns = columns[:, None]
    if columns.ndim != 2 or columns.shape[0] != groups.size:
        raise QSpecError("The sufficient statistics must be a table with one row for each example.")
    cell = groups if strata is None else strata * group_count + groups
    if strata is not None and strata.size and strata.min() < 0:
        inside = strata >= 0
        cell, columns = cell[inside], columns[inside]
    size = strata_count * group_count
    sums = np.empty((size, columns.shape[1]))
    for k in range(columns.shape[1]):
        sums[:, k] = np.bincount(cell, weights=columns[:, k], minlength=size)
    return sums.reshape(strata_count, group_count, -1)


def group_weights(group_count: int, replicates: int, seed: int | Sequence[int]) -> FloatArray:
    """How often each group is drawn in each replicate: shape (replicates, groups), rows sum to groups."""
    if group_count < 2:
        raise InsufficientDataError(
            f"A bootstrap needs at least two independent units; there are {group_count}.",
            hint="declare a smaller unit if the examples within one really vary",
        )
    draws = np.random.default_rng(seed).integers(0, group_count, size=(replicates, group_count))
    draws += np.arange(replicates)[:, None] * group_count
    counts = np.bincount(draws.ravel(), minlength=replicates * group_count)
    return counts.reshape(replicates, group_count).astype(np.float64)


def replicate_sums(sums: FloatArray, weights: FloatArray) -> FloatArray:
    """Resampled sums, shape (replicates, strata, k), of group sums (strata, groups, k) under the weights."""
    strata, groups, k = sums.shape
    flat = np.ascontiguousarray(sums.transpose(1, 0, 2)).reshape(groups, strata * k)
    product: FloatArray = weights @ flat
    return product.reshape(weights.shape[0], strata, k)


MOST_BIAS = 1.0
"""Normal quantile of the share of resamples below the estimate, beyond which a correction of bias is no guide."""
_LEAST_DIVISOR = 1e-3


@dataclass(frozen=True)
class Replicates:
    """A quantity computed on the sample and on every resample; values that are undefined there are nan.

    An undefined replicate counts as minus infinity for a lower limit and as infinity for an upper one. `left_out` holds
    the values without each group of units, shape (groups,), where the interval is to be corrected for skewness.
    """

    estimate: float
    values: FloatArray
    units: int
    left_out: FloatArray | None = None

    @property
    def few_units(self) -> bool:
        """Whether it rests on fewer than 20 units, where the bootstrap cannot be relied on."""
        return self.units < FEW_CLUSTERS

    @cached_property
    def correction(self) -> tuple[float, float] | None:
        """Bias and acceleration of the corrected interval; None where there is nothing to tell them by."""
        if self.left_out is None or not np.isfinite(self.left_out).all():
            return None
        below = np.count_nonzero(self.values < self.estimate)
        level = np.count_nonzero(self.values == self.estimate)
        share = (below + level / 2) / len(self.values)
        bias = float(ndtri(share))
        if not abs(bias) <= MOST_BIAS:
            return None
        gone = self.left_out.mean() - self.left_out
        spread = float((gone**2).sum()) ** 1.5
        return bias, float((gone**3).sum()) / (6 * spread) if spread > 0 else 0.0

    def shares(self, confidence: float) -> tuple[float, float]:
        """Shares of the resamples that lie below the lower and above the upper limit."""
        check_confidence(confidence)
        tail = (1 - confidence) / 2
        if self.correction is None:
            return tail, tail
        z = float(ndtri(tail))
        return _moved(z, *self.correction), 1 - _moved(-z, *self.correction)

    def interval(self, confidence: float = 0.95) -> Interval:
        """The bias-corrected and accelerated interval (Efron 1987, section 4); percentiles where it cannot be had.

        Where few units change, the distribution of a loss is skewed, and plain percentiles confirm too often.
        """
        if self.correction is None:
            return self.percentile(confidence)
        low, high = self._quantiles(*self.shares(confidence))
        return Interval(self.estimate, low, high, confidence, "grouped-bootstrap-bca")

    def percentile(self, confidence: float = 0.95) -> Interval:
        """The percentile interval (Efron and Tibshirani 1993, chapter 13)."""
        check_confidence(confidence)
        tail = (1 - confidence) / 2
        low, high = self._quantiles(tail, tail)
        return Interval(self.estimate, low, high, confidence, "grouped-bootstrap-percentile")

    def basic(self, confidence: float = 0.95) -> Interval:
        """The basic interval, the percentiles reflected in the estimate (Davison and Hinkley 1997, 5.2.1)."""
        found, twice = self.percentile(confidence), 2 * self.estimate
        return Interval(
            self.estimate, twice - found.high, twice - found.low, confidence, "grouped-bootstrap-basic"
        )

    def beyond(self, relation: Relation, bound: float) -> int:
        """How many resamples do not pass the bound; the fewer, the surer it is that the truth does."""
        passed = self.values > bound if relation.is_upper else self.values < bound
        return int(passed.size - np.count_nonzero(passed))

    def level(self, relation: Relation, bound: float) -> float:
        """Smallest 1 - confidence at which `interval` refutes; of percentiles at least 2/(replicates + 1)."""
        share = (self.beyond(relation, bound) + 1) / (len(self.values) + 1)
        if self.correction is not None and share < 1:
            bias, acceleration = self.correction
            sign = 1.0 if relation.is_upper else -1.0
            gap = float(ndtri(share)) - sign * bias
            divisor = max(1 + sign * acceleration * gap, _LEAST_DIVISOR)
            share = float(ndtr(gap / divisor - sign * bias))
        return min(1.0, 2 * share)

    def _quantiles(self, below: float, above: float) -> tuple[float, float]:
        low = np.where(np.isnan(self.values), -np.inf, self.values)
        high = np.where(np.isnan(self.values), np.inf, self.values)
        return (
            float(np.quantile(low, below, method="lower")),
            float(np.quantile(high, 1 - above, method="higher")),
        )


def _moved(z: float, bias: float, acceleration: float) -> float:
    """The share of resamples below the limit whose nominal normal quantile is `z` (Efron 1987, equation 4.2)."""
    gap = bias + z
    return float(ndtr(bias + gap / max(1 - acceleration * gap, _LEAST_DIVISOR)))


def left_out(sums: FloatArray) -> FloatArray:
    """Totals without each group: from group sums (..., groups, k) to the same shape."""
    return np.asarray(sums.sum(axis=-2, keepdims=True) - sums)


def bootstrap(sums: FloatArray, resampled: FloatArray, quantity: Metric, units: int) -> list[Replicates]:
    """A quantity of the sums, in every stratum: `quantity` maps (..., k) sums to (...) values.

    sums (strata, groups, k) and its `replicate_sums`; k runs over the sufficient statistics of both models,
    so that a loss is computed on one and the same resample. Division by an empty stratum may give nan.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = quantity(sums.sum(axis=1))
        values = quantity(resampled)
        without = quantity(left_out(sums))
    return [Replicates(float(e), values[:, s], units, without[s]) for s, e in enumerate(estimates)]
