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

FEW_CLUSTERS = 20

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its standard error, and how many independent units it rests on.

    Student's t with `units` - 1 degrees of freedom; normal where `normal` is set.
    """

    value: float
    standard_error: float
    units: int
    method: str
    normal: bool = False

    @property
    def few_units(self) -> bool:
        """Whether it rests on fewer than 20 units, where the t interval cannot be relied on."""
        return self.units < FEW_CLUSTERS

    def interval(self, confidence: float = 0.95) -> Interval:
        """The two-sided interval at this confidence."""
        check_confidence(confidence)
        degrees, probability = self.units - 1, (1 + confidence) / 2
        quantile = normal_quantile(confidence) if self.normal else float(stdtrit(degrees, probability))
        spread = quantile * self.standard_error
        return Interval(self.value, self.value - spread, self.value + spread, confidence, self.method)

    def level(self, relation: Relation, bound: float) -> float:
        """Smallest 1 - confidence at which the interval lies on the wrong side of the bound."""
        excess = self.value - bound if relation.is_upper else bound - self.value
        if excess <= 0:
            return 1.0
        if self.standard_error == 0:
            return 0.0
        t = excess / self.standard_error
        return two_sided_level(t) if self.normal else 2 * float(stdtr(self.units - 1, -t))


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


def clustered_error(influence: FloatArray, clusters: ArrayLike | None) -> tuple[float, int]:
    """Standard error of a sum from each example's contribution (mean zero), and the number of clusters.

    The cluster sums are squared and multiplied by G/(G - 1) (Miller 2024, arXiv:2411.00640, section 2.2,
    with the usual small-sample factor). Raises InsufficientDataError under two clusters.
    """
    index, count = codes(clusters, influence.size, "cluster labels")
    if count < 2:
        raise InsufficientDataError(
            f"A standard error needs at least two independent units; there are {count}.",
            hint="declare a smaller unit if the examples within one really vary",
        )
    sums = influence if clusters is None else np.bincount(index, weights=influence, minlength=count)
    squares = float(np.einsum("i,i->", sums, sums))  # a dot product wakes threads for what takes a moment
    return math.sqrt(squares * count / (count - 1)), count
