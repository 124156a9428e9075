"""Calibration: whether confidence agrees with accuracy, in bins of confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Direction, Family, Metric, scored
from qspec.metrics.groups import CHOICE
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions

BINS = Parameter("bins", Kind.COUNT, "number of bins of confidence; 15 is the most common", required=True)
BINNING = Parameter(
    "binning",
    Kind.WORD,
    "equal-width cuts [0, 1] evenly, equal-mass puts as many examples into each bin",
    default="equal-width",
    choices=("equal-width", "equal-mass"),
)


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts, mean confidence and accuracy of the bins that are not empty, each of shape (bins,)."""

    count: FloatArray
    confidence: FloatArray
    accuracy: FloatArray


def binned(confidence: FloatArray, correct: FloatArray, bins: int, binning: str = "equal-width") -> Bins:
    """Bin n examples by confidence; bins of equal width are closed on the left, the last on both sides.

    Raises `QSpecError` for confidences outside [0, 1].
    """
    import numpy as np

    if len(confidence) and not (confidence.min() >= 0 and confidence.max() <= 1 + 1e-6):
        raise QSpecError("Confidences must be probabilities from 0 to 1; these go beyond.")
    if binning == "equal-mass":
        position = np.empty(len(confidence), dtype=np.int64)
        position[np.argsort(confidence, kind="stable")] = np.arange(len(confidence))
        index = position * bins // max(1, len(confidence))
    else:
        edges = np.linspace(0, 1, bins + 1)
        index = np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins).astype(np.float64)
    used = count > 0
    sums = (np.bincount(index, weights=w, minlength=bins)[used] for w in (confidence, correct))
    mean_confidence, accuracy = (total / count[used] for total in sums)
    return Bins(count[used], mean_confidence, accuracy)


def _confidence_and_right(predictions: Predictions, parameters: Parameters) -> FloatArray:
    import numpy as np

    return np.stack(
        [predictions.column("confidence"), predictions.column("correct")], axis=1, dtype=np.float64
    )


@scored(
    Metric(
        "ece",
        "Expected calibration error",
        Family.CALIBRATION,
        Direction.LOWER,
        needs=("confidence", "correct"),
        parameters=(
            BINS,
            BINNING,
            Parameter(
                "norm",
                Kind.WORD,
                "l1 averages the gaps, l2 takes the root of their mean square, max the largest gap",
                default="l1",
                choices=("l1", "l2", "max"),
            ),
        ),
        tasks=CHOICE,
        aliases=("expected-calibration-error",),
    ),
    _confidence_and_right,
)
def ece(columns: FloatArray, parameters: Parameters) -> float:
    """Gap between confidence and accuracy, averaged over bins of confidence (Naeini, Cooper and Hauskrecht,
    AAAI 2015; Guo et al., ICML 2017).

    The estimator is biased upwards, the more so with many bins and few examples, so losses of it are not
    decided by its own interval: see `calibration-error`, `brier` and `nll`.
    """
    import numpy as np

    bins = binned(columns[:, 0], columns[:, 1], parameters.count("bins"), parameters.word("binning"))
    gaps, weights = np.abs(bins.accuracy - bins.confidence), bins.count / bins.count.sum()
    norm = parameters.word("norm")
    if norm == "max":
        return float(gaps.max())
    return float((weights * gaps).sum() if norm == "l1" else np.sqrt((weights * gaps**2).sum()))


@scored(
    Metric(
        "calibration-error",
        "Debiased squared calibration error",
        Family.CALIBRATION,
        Direction.LOWER,
        low=-0.25,
        unit="calibration-error",
        needs=("confidence", "correct"),
        parameters=(
            BINS,
            Parameter(BINNING.name, BINNING.kind, BINNING.doc, False, "equal-mass", BINNING.choices),
        ),
        tasks=CHOICE,
        aliases=("debiased-calibration-error",),
    ),
    _confidence_and_right,
)
def calibration_error(columns: FloatArray, parameters: Parameters) -> float:
    """Mean squared gap between confidence and accuracy in bins, less the part that sampling alone would add
    (Kumar, Liang and Ma, NeurIPS 2019, the debiased estimator).

    It scatters around zero for a calibrated model and may be slightly negative. Bins with a single example
    tell nothing about their own scatter and are left out.
    """
    bins = binned(columns[:, 0], columns[:, 1], parameters.count("bins"), parameters.word("binning"))
    several = bins.count > 1
    count, accuracy, confidence = bins.count[several], bins.accuracy[several], bins.confidence[several]
    if count.size == 0:
        return float("nan")
    sampling = accuracy * (1 - accuracy) / (count - 1)
    return float((count * ((accuracy - confidence) ** 2 - sampling)).sum() / count.sum())
