"""Metrics that are smooth functions of sums over examples: F1, perplexity, BLEU, mean IoU."""

from __future__ import annotations

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.pool import Pair, Pool, Pooled, joined
from qspec.execute.contrasts.resampled import ResampledContrast
from qspec.stats.bootstrap import LEAST_REPLICATES, group_units, left_out
from qspec.stats.estimate import FloatArray, codes


@registry.register("smooth")
def smooth(sides: Sides) -> Contrast:
    """Resample groups of units by one matrix product; both models see the same draws."""
    groups, count = group_units(sides.units, sides.n, sides.seed)
    pooled = _grouped(sides, groups, count)
    pool = sides.pool or Pool()
    pool.add(pooled)

    def resampled(replicates: int) -> Pair:
        later = range(1, -(-replicates // LEAST_REPLICATES))
        return joined([pool.resampled(pooled), *(pooled.more(block) for block in later)])

    first, second = pooled.values(pooled.sums.sum(axis=0))
    units = codes(sides.units, sides.n, "units")[1]
    without = pooled.values(left_out(pooled.sums))
    return ResampledContrast(
        sides, (float(first), float(second)), units, resampled, LEAST_REPLICATES, without
    )


def _grouped(sides: Sides, groups: np.ndarray, count: int) -> Pooled:
    """Sums of both models by group, side by side with the groups' sizes, (groups, k + k' + 1): one pass of either model."""
    metric = sides.metric
    first, second = (metric.sums(columns, groups, count) for columns in (sides.baseline, sides.quantized))
    sizes = np.bincount(groups, minlength=count)[:, None]
    ends = np.cumsum([first.shape[1], second.shape[1]])

    def values(totals: FloatArray) -> Pair:
        one, other, n = np.split(totals, ends, axis=-1)
        return metric.value(one, n[..., 0]), metric.value(other, n[..., 0])

    return Pooled(np.hstack([first, second, sizes]), sides.seed, values)
