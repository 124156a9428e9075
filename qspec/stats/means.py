"""Paired differences of means over examples, with standard errors that respect clusters and weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qspec.errors import QSpecError
from qspec.stats.estimate import Estimate, FloatArray, clustered_error, float_vector, third_moment, unit_sums


def mean(values: ArrayLike, clusters: ArrayLike | None = None, weights: ArrayLike | None = None) -> Estimate:
    """Weighted mean with a cluster-robust t (Miller 2024, arXiv:2411.00640), corrected for skewness where that is wider.

    values, clusters and weights have shape (examples,); clusters are the units that vary (documents,
    speakers), weights are not negative. Raises InsufficientDataError under two clusters.
    """
    x = float_vector(values, "values to be averaged")
    if weights is None:  # passes over a million examples are what this costs, so none is made for nothing
        value = float(x.mean()) if x.size else 0.0
        return _estimate(value, unit_sums((x - value) / max(1, x.size), clusters))
    w = float_vector(weights, "weights")
    if w.shape != x.shape or np.any(w < 0) or w.sum() <= 0:
        raise QSpecError("The weights must be one for each example, none negative, and not all zero.")
    share = w / w.sum()
    value = float(share @ x)
    return _estimate(value, unit_sums(share * (x - value), clusters))


def _estimate(value: float, sums: FloatArray) -> Estimate:
    third = third_moment(sums, sums, sums)
    return Estimate(value, clustered_error(sums), len(sums), "paired-cluster-t", third=third)


def joint_third_moment(twice: ArrayLike, once: ArrayLike, clusters: ArrayLike | None = None) -> float:
    """How the square of one mean's error varies with another's: the mixed third moment of two sets of scores, (examples,)."""
    first, second = (
        unit_sums((x - x.mean()) / max(1, x.size), clusters)
        for x in (float_vector(values, "values to be averaged") for values in (twice, once))
    )
    return third_moment(first, first, second)


def paired_mean_loss(
    baseline: ArrayLike,
    quantized: ArrayLike,
    *,
    higher_is_better: bool,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Estimate:
    """The loss in the metric's own unit, positive is worse, from per-example scores of shape (examples,)."""
    return relative_contrast(
        baseline, quantized, 0.0, higher_is_better=higher_is_better, clusters=clusters, weights=weights
    )


def relative_contrast(
    baseline: ArrayLike,
    quantized: ArrayLike,
    share: float,
    *,
    higher_is_better: bool,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Estimate:
    """The contrast whose sign says whether the loss exceeds `share` of the baseline; to be held against 0.

    (1 - share) * m(baseline) - m(quantized) where higher is better, m(quantized) - (1 + share) * m(baseline)
    where lower is: a linear combination has no denominator that noise could bring near zero.
    """
    b, q = float_vector(baseline, "baseline scores"), float_vector(quantized, "quantized scores")
    if b.shape != q.shape:
        raise QSpecError("The two models were not scored on the same number of examples.")
    contrast = (1 - share) * b - q if higher_is_better else q - (1 + share) * b
    return mean(contrast, clusters, weights)
