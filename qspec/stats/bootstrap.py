"""The grouped paired bootstrap: one pass over the examples, one matrix product for all metrics and strata."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

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


@dataclass(frozen=True, slots=True)
class Replicates:
    """A quantity computed on the sample and on every resample; values that are undefined there are nan.

    An undefined replicate counts as minus infinity for a lower limit and as infinity for an upper one.
    """

    estimate: float
    values: FloatArray
    units: int

    @property
    def few_units(self) -> bool:
        """Whether it rests on fewer than 20 units, where the bootstrap cannot be relied on."""
        return self.units < FEW_CLUSTERS

    def _quantiles(self, confidence: float) -> tuple[float, float]:
        check_confidence(confidence)
        tail = (1 - confidence) / 2
        low = np.where(np.isnan(self.values), -np.inf, self.values)
        high = np.where(np.isnan(self.values), np.inf, self.values)
        return (
            float(np.quantile(low, tail, method="lower")),
            float(np.quantile(high, 1 - tail, method="higher")),
        )

    def percentile(self, confidence: float = 0.95) -> Interval:
        """The percentile interval (Efron and Tibshirani 1993, chapter 13)."""
        low, high = self._quantiles(confidence)
        return Interval(self.estimate, low, high, confidence, "grouped-bootstrap-percentile")

    def basic(self, confidence: float = 0.95) -> Interval:
        """The basic interval, the percentiles reflected in the estimate (Davison and Hinkley 1997, 5.2.1)."""
        low, high = self._quantiles(confidence)
        twice = 2 * self.estimate
        return Interval(self.estimate, twice - high, twice - low, confidence, "grouped-bootstrap-basic")

    def level(self, relation: Relation, bound: float) -> float:
        """Smallest 1 - confidence at which the percentile interval refutes, at least 2/(replicates + 1)."""
        passed = self.values > bound if relation.is_upper else self.values < bound
        held = passed.size - int(np.count_nonzero(passed))
        return min(1.0, 2 * (held + 1) / (passed.size + 1))


def bootstrap(sums: FloatArray, resampled: FloatArray, quantity: Metric, units: int) -> list[Replicates]:
    """A quantity of the sums, in every stratum: `quantity` maps (..., k) sums to (...) values.

    sums (strata, groups, k) and its `replicate_sums`; k runs over the sufficient statistics of both models,
    so that a loss is computed on one and the same resample. Division by an empty stratum may give nan.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates = quantity(sums.sum(axis=1))
        values = quantity(resampled)
    return [Replicates(float(e), values[:, s], units) for s, e in enumerate(estimates)]
