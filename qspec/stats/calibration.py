"""Calibration errors: ECE with its bias floor to report, the debiased squared error to decide on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from qspec.errors import QSpecError
from qspec.stats.estimate import Estimate, FloatArray, IntArray, clustered_error, float_vector, unit_sums
from qspec.stats.interval import InsufficientDataError

Norm = Literal["l1", "l2", "max"]
Binning = Literal["equal-width", "equal-mass"]


@dataclass(frozen=True, slots=True)
class _Binned:
    """Confidence minus correctness of every example, its bin, and each bin's size and mean gap."""

    residual: FloatArray
    bin: IntArray
    size: FloatArray
    gap: FloatArray
    spread: FloatArray


def _bins(confidence: FloatArray, bins: int, binning: Binning) -> IntArray:
    if binning == "equal-width":  # Left-closed; a confidence of one belongs to the last bin.
        return np.minimum((confidence * bins).astype(np.int64), bins - 1)
    order = np.argsort(confidence, kind="stable")
    index = np.empty(confidence.size, dtype=np.int64)
    index[order] = np.arange(confidence.size) * bins // confidence.size
    return index


def _binned(confidence: ArrayLike, correct: ArrayLike, bins: int, binning: Binning) -> _Binned:
    p, y = float_vector(confidence, "confidences"), float_vector(correct, "outcomes")
    if p.shape != y.shape or p.size == 0 or bins < 1:
        raise QSpecError("A calibration error needs bins, and a confidence and an outcome for each example.")
    if np.any((p < 0) | (p > 1)):
        raise QSpecError(
            "Confidences must lie between 0 and 1.", hint="apply the softmax before measuring calibration"
        )
    index, residual = _bins(p, bins, binning), p - y
    size = np.bincount(index, minlength=bins).astype(np.float64)
    gap = np.bincount(index, weights=residual, minlength=bins) / np.maximum(size, 1)
    squares = np.bincount(index, weights=(residual - gap[index]) ** 2, minlength=bins)
    return _Binned(residual, index, size, gap, squares.astype(np.float64))


def expected_calibration_error(
    confidence: ArrayLike,
    correct: ArrayLike,
    bins: int = 15,
    norm: Norm = "l1",
    binning: Binning = "equal-width",
) -> float:
    """ECE of confidences in [0, 1] and outcomes in {0, 1}, shape (examples,) (Naeini et al. 2015, AAAI).

    l1 weighs absolute gaps by bin size, l2 is the root of the weighted squared gaps, max the largest gap.
    """
    b = _binned(confidence, correct, bins, binning)
    share = b.size / b.residual.size
    match norm:
        case "l1":
            return float(share @ np.abs(b.gap))
        case "l2":
            return math.sqrt(float(share @ b.gap**2))
        case _:
            return float(np.abs(b.gap).max())


def ece_floor(confidence: ArrayLike, bins: int = 15, binning: Binning = "equal-width") -> float:
    """About the ECE (l1) that a perfectly calibrated model with these confidences would show by chance."""
    p = float_vector(confidence, "confidences")
    index = _bins(p, bins, binning)
    variance = np.bincount(index, weights=p * (1 - p), minlength=bins)
    return math.sqrt(2 / math.pi) * float(np.sqrt(variance).sum()) / p.size


def debiased_squared_error(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 15, binning: Binning = "equal-mass"
) -> float:
    """Squared calibration error less the bias its bins would show by chance; may be negative.

    Kumar, Liang and Ma 2019 (NeurIPS), section 4: from each squared gap the variance of a bin's mean is
    taken. A bin of one example says nothing and contributes nothing.
    """
    return _debiased(_binned(confidence, correct, bins, binning))


def _debiased(b: _Binned) -> float:
    several = b.size > 1
    size = b.size[several]
    squared = b.gap[several] ** 2 - b.spread[several] / (size * (size - 1))
    return float(size @ squared) / b.residual.size


def calibration_loss(
    baseline: tuple[ArrayLike, ArrayLike],
    quantized: tuple[ArrayLike, ArrayLike],
    bins: int = 15,
    binning: Binning = "equal-mass",
    clusters: ArrayLike | None = None,
) -> Estimate:
    """Growth of the debiased squared calibration error, from (confidence, correct) of either model.

    The standard error comes from each example's influence, clustered by unit. Where a model is perfectly
    calibrated the influence of the estimated gaps overstates the variance twofold, so the interval errs
    on the wide side there. Raises InsufficientDataError with fewer than ten examples a bin.
    """
    first, second = (_binned(*model, bins, binning) for model in (baseline, quantized))
    n = first.residual.size
    if second.residual.size != n:
        raise QSpecError("The two models were not scored on the same number of examples.")
    if n < 10 * bins:
        raise InsufficientDataError(
            f"{n} examples do not fill {bins} bins; a calibration error needs ten a bin.",
            hint="use fewer bins or more examples",
        )
    influence = _influence(second) - _influence(first)
    sums = unit_sums((influence - influence.mean()) / n, clusters)
    growth = _debiased(second) - _debiased(first)
    return Estimate(growth, clustered_error(sums), len(sums), "debiased-squared-calibration-t")


def _influence(b: _Binned) -> FloatArray:
    """Each example's contribution to the weighted mean of squared gaps, not centred."""
    gap = b.gap[b.bin]
    return 2 * gap * b.residual - gap**2


def brier(probability: ArrayLike, outcome: ArrayLike) -> FloatArray:
    """Squared error of each example's probability, shape (examples,): decided on as a paired mean."""
    p, y = float_vector(probability, "probabilities"), float_vector(outcome, "outcomes")
    if p.shape != y.shape:
        raise QSpecError("A Brier score needs one outcome for each probability.")
    return (p - y) ** 2
