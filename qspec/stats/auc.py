"""The paired difference of two areas under the ROC curve: DeLong, or Obuchowski for clustered cases."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from qspec.errors import QSpecError
from qspec.stats.estimate import Estimate, FloatArray, codes, float_vector
from qspec.stats.interval import InsufficientDataError


def midranks(values: FloatArray) -> FloatArray:
    """Ranks from 1 to n, ties sharing the mean of theirs."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: FloatArray = np.cumsum(count) - (count - 1) / 2
    return middle[inverse]


def placements(positive: FloatArray, negative: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share of the negatives below each positive, and of the positives above each negative; ties count half.

    By midranks, in O(n log n) (Sun and Xu 2014, IEEE Signal Process. Lett. 21:1389).
    """
    m, n = positive.size, negative.size
    ranks = midranks(np.concatenate([positive, negative]))
    above = (ranks[:m] - midranks(positive)) / n
    below = 1 - (ranks[m:] - midranks(negative)) / m
    return above, below


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half."""
    truth, score = _truth(labels), float_vector(scores, "scores")
    above, _ = placements(score[truth], score[~truth])
    return float(above.mean())


def auc_loss(
    labels: ArrayLike, baseline: ArrayLike, quantized: ArrayLike, clusters: ArrayLike | None = None
) -> Estimate:
    """Baseline AUC minus quantized AUC, with the variance of DeLong et al. 1988 (Biometrics 44:837).

    labels (truth values) and both models' scores have shape (examples,). With clusters (patients, documents)
    the variance is Obuchowski's (1997, Biometrics 53:567) and the quantile Student's; else normal.
    Raises InsufficientDataError with fewer than two positives or two negatives.
    """
    truth = _truth(labels)
    first, second = float_vector(baseline, "baseline scores"), float_vector(quantized, "quantized scores")
    if not truth.size == first.size == second.size:
        raise QSpecError("The labels and the scores of the two models differ in length.")
    m, n = int(truth.sum()), int((~truth).sum())
    if min(m, n) < 2:
        raise InsufficientDataError(
            f"An interval for an AUC needs two positives and two negatives; there are {m} and {n}."
        )
    above1, below1 = placements(first[truth], first[~truth])
    above2, below2 = placements(second[truth], second[~truth])
    positive, negative = above1 - above2, below1 - below2
    loss = float(positive.mean())
    if clusters is None:
        error = math.sqrt(positive.var(ddof=1) / m + negative.var(ddof=1) / n)
        return Estimate(loss, error, truth.size, "paired-delong", normal=True)
    index, _ = codes(clusters, truth.size, "cluster labels")
    variance, units = _clustered_variance(positive - loss, negative - loss, index[truth], index[~truth])
    return Estimate(loss, math.sqrt(variance), units, "paired-obuchowski")


def _clustered_variance(
    positive: FloatArray, negative: FloatArray, positive_cluster: ArrayLike, negative_cluster: ArrayLike
) -> tuple[float, int]:
    """Obuchowski's variance from the centred components and their clusters, and the number of clusters."""
    p, q = np.asarray(positive_cluster), np.asarray(negative_cluster)
    count = int(max(p.max(), q.max())) + 1
    with_positive, with_negative = np.unique(p).size, np.unique(q).size
    if min(with_positive, with_negative, count) < 2:
        raise InsufficientDataError(
            "A clustered interval for an AUC needs two clusters with positives and two with negatives."
        )
    sums10 = np.bincount(p, weights=positive, minlength=count) / positive.size
    sums01 = np.bincount(q, weights=negative, minlength=count) / negative.size
    variance = (
        with_positive / (with_positive - 1) * float(sums10 @ sums10)
        + with_negative / (with_negative - 1) * float(sums01 @ sums01)
        + 2 * count / (count - 1) * float(sums10 @ sums01)
    )
    return max(variance, 0.0), count


def _truth(labels: ArrayLike) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    truth = np.asarray(labels)
    if truth.ndim != 1 or not np.all(np.isin(truth, (0, 1))):
        raise QSpecError("An AUC needs labels that are true or false, one for each example.")
    return truth.astype(np.bool_)
