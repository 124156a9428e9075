"""Tables of paired outcomes for every stratum in one pass over the examples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qspec.errors import QSpecError
from qspec.stats.paired import PairedCounts


def paired_counts(baseline_right: ArrayLike, quantized_right: ArrayLike) -> PairedCounts:
    """The table of two arrays of truth values, shape (examples,)."""
    baseline = np.asarray(baseline_right)
    (counts,) = stratum_counts(baseline, quantized_right, np.zeros(baseline.shape, dtype=np.int64), 1)
    if counts is None:
        raise QSpecError("A paired comparison needs at least one example; this one has none.")
    return counts


def stratum_counts(
    baseline_right: ArrayLike, quantized_right: ArrayLike, strata: ArrayLike, count: int
) -> list[PairedCounts | None]:
    """One table for each of `count` strata; None for a stratum without examples.

    All arrays have shape (examples,); strata holds 0..count-1, and -1 for an example that is in none.
    """
    baseline, quantized = np.asarray(baseline_right, dtype=bool), np.asarray(quantized_right, dtype=bool)
    stratum = np.asarray(strata, dtype=np.int64)
    if not baseline.shape == quantized.shape == stratum.shape or baseline.ndim != 1:
        raise QSpecError(
            "The baseline, the quantized model and the strata do not speak of the same number of examples.",
            hint="score both models on the same examples in the same order",
        )
    if stratum.size and not -1 <= stratum.min() <= stratum.max() < count:
        raise QSpecError(f"A stratum number lies outside 0 to {count - 1}.")
    cell = 4 * stratum + 2 * ~baseline + ~quantized
    table = np.bincount(cell[stratum >= 0], minlength=4 * count).reshape(count, 4)
    return [PairedCounts(*map(int, row)) if row.sum() else None for row in table]


def weighted_loss(strata: list[PairedCounts]) -> float:
    """The aggregate loss as the mean of the strata's, weighted by size: equal to that of the pooled table."""
    return sum(s.harmful - s.helpful for s in strata) / sum(s.n for s in strata)
