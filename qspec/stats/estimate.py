"""A value with a standard error: the shape that means, AUC and calibration errors are decided in."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from qspec.errors import QSpecError
from qspec.stats.decision import Relation
from qspec.stats.interval import (
    InsufficientDataError,
    Interval,
    check_confidence,
    normal_quantile,
    two_sided_level,
)
from qspec.stats.skewness import corrected, uncorrected

FEW_CLUSTERS = 20

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its standard error, and how many independent units it rests on.

    Student's t with `units` - 1 degrees of freedom; normal where `normal` is set. Where the third central moment of
    the value's own distribution is given, either limit is the outer one of t and of t corrected for skewness: the
    correction helps where a few units hold most of the loss, and would trust a symmetric heavy tail too much.
    """

    value: float
    standard_error: float
    units: int
    method: str
    normal: bool = False
    third: float = 0.0

    @property
    def skewness(self) -> float:
        """Standardized third moment of the value's distribution; 0 where it has none or none is given."""
        cubed = self.standard_error**3
        skewness = self.third / cubed if cubed > 0 else 0.0
        return skewness if math.isfinite(skewness) else 0.0

    @property
    def few_units(self) -> bool:
        """Whether it rests on fewer than 20 units, where the t interval cannot be relied on."""
        return self.units < FEW_CLUSTERS

    def interval(self, confidence: float = 0.95) -> Interval:
        """The two-sided interval at this confidence."""
        check_confidence(confidence)
        degrees, probability = self.units - 1, (1 + confidence) / 2
        quantile = normal_quantile(confidence) if self.normal else float(stdtrit(degrees, probability))
        skewness, error = self.skewness, self.standard_error
        low = self.value - error * max(quantile, uncorrected(quantile, skewness))
        high = self.value + error * max(quantile, -uncorrected(-quantile, skewness))
        method = f"{self.method}+hall" if skewness else self.method
        return Interval(self.value, low, high, confidence, method)

    def level(self, relation: Relation, bound: float) -> float:
        """Smallest 1 - confidence at which the interval lies on the wrong side of the bound."""
        excess = self.value - bound if relation.is_upper else bound - self.value
        if excess <= 0:
            return 1.0
        if self.standard_error == 0:
            return 0.0
        t = excess / self.standard_error
        t = min(t, corrected(t, self.skewness) if relation.is_upper else -corrected(-t, self.skewness))
        return two_sided_level(t) if self.normal else min(1.0, 2 * float(stdtr(self.units - 1, -t)))


def float_vector(values: ArrayLike, what: str) -> FloatArray:
    """A flat array of finite numbers, or an error that names what was wrong."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise QSpecError(f"The {what} must be a flat series of finite numbers.")
    return array


def codes(labels: ArrayLike | None, n: int, what: str) -> tuple[IntArray, int]:
    """Whole numbers 0..k-1 for n labels, and k; one of its own for every example where labels are None."""
    if labels is None:
        return np.arange(n, dtype=np.int64), n
    array = np.asarray(labels)
    if array.shape != (n,):
        raise QSpecError(f"There are {array.size} {what} for {n} examples; give one for each example.")
    if np.issubdtype(array.dtype, np.integer) and n and array.min() >= 0 and array.max() < n:
        # Already small whole numbers: a table of what occurs is an order faster than sorting.
        present = np.bincount(array) > 0
        if present.all():
            return array.astype(np.int64, copy=False), int(present.size)
        return (np.cumsum(present) - 1)[array].astype(np.int64), int(present.sum())
    _, inverse = np.unique(array, return_inverse=True)
    return inverse.astype(np.int64), int(inverse.max()) + 1 if n else 0


def unit_sums(influence: FloatArray, clusters: ArrayLike | None) -> FloatArray:
    """Each example's contribution to a sum, (examples,), added up by cluster: (clusters,)."""
    if clusters is None:
        return influence
    index, count = codes(clusters, influence.size, "cluster labels")
    return np.asarray(np.bincount(index, weights=influence, minlength=count), dtype=np.float64)


def clustered_error(sums: FloatArray) -> float:
    """Standard error of a sum from what each independent unit contributes to it, (units,) with mean zero.

    The squares are multiplied by G/(G - 1) (Miller 2024, arXiv:2411.00640, section 2.2, with the usual small-sample
    factor). Raises InsufficientDataError under two units.
    """
    count = len(sums)
    if count < 2:
        raise InsufficientDataError(
            f"A standard error needs at least two independent units; there are {count}.",
            hint="declare a smaller unit if the examples within one really vary",
        )
    squares = float(np.einsum("i,i->", sums, sums))  # a dot product wakes threads for what takes a moment
    return math.sqrt(squares * count / (count - 1))


def third_moment(first: FloatArray, second: FloatArray, third: FloatArray) -> float:
    """Third central moment of one sum, or of three together, from what each unit contributes to them, (units,).

    The cubes are multiplied as in the third k-statistic (Fisher 1929, Proc. London Math. Soc. 30:199); 0 under three
    units, which show no skewness.
    """
    count = len(first)
    if count < 3:
        return 0.0
    return float(np.einsum("i,i,i->", first, second, third)) * count**2 / ((count - 1) * (count - 2))
