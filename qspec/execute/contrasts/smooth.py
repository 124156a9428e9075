"""Metrics that are smooth functions of sums over examples: F1, perplexity, BLEU, mean IoU."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.resampled import ResampledContrast
from qspec.stats.bootstrap import group_units, group_weights, replicates_for
from qspec.stats.estimate import FloatArray, codes

MOST_REPLICATES = 20_000
"""Beyond it the weights alone would fill memory; so many comparisons are refuted a little more reluctantly."""
MOST_CELLS = 25_000_000
"""Resampled sums held at a time (200 MB): metrics of many classes take their resamples in slices."""


@lru_cache(maxsize=2)
def _weights(groups: int, replicates: int, seed: int) -> FloatArray:
    """The draws, shared by every metric, stratum and model of one size."""
    return group_weights(groups, replicates, seed)


def _resampled(
    sides: Sides, columns: FloatArray, groups: np.ndarray, count: int, weights: FloatArray
) -> tuple[float, FloatArray]:
    """A model's value, and its values under the weights (replicates,)."""
    metric = sides.metric
    sums = metric.sums(columns, groups, count)
    sizes = np.bincount(groups, minlength=count).astype(np.float64)
    value = float(metric.value(sums.sum(axis=0), sizes.sum()))
    step = max(1, MOST_CELLS // max(1, sums.shape[1]))
    slices = [weights[start : start + step] for start in range(0, len(weights), step)]
    return value, np.concatenate([metric.value(part @ sums, part @ sizes) for part in slices])


@registry.register("smooth")
def smooth(sides: Sides) -> Contrast:
    """Resample groups of units by one matrix product; both models see the same draws."""
    groups, count = group_units(sides.units, sides.n, sides.seed)
    replicates = min(MOST_REPLICATES, replicates_for(sides.comparisons))
    weights = _weights(count, replicates, sides.seed)
    base, base_resampled = _resampled(sides, sides.baseline, groups, count, weights)
    quantized, quantized_resampled = _resampled(sides, sides.quantized, groups, count, weights)
    units = codes(sides.units, sides.n, "units")[1]
    return ResampledContrast(sides, (base, quantized), (base_resampled, quantized_resampled), units)
