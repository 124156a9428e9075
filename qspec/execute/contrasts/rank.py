"""Metrics of order: the area under the ROC curve by DeLong, others by resampling examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.estimated import EstimatedContrast, Trio
from qspec.execute.contrasts.resampled import resampled_by_unit
from qspec.stats.auc import auc_loss
from qspec.stats.bootstrap import LEAST_REPLICATES
from qspec.stats.estimate import IntArray
from qspec.stats.interval import InsufficientDataError

MOST_EXAMPLES_DRAWN = 200_000_000
LEAST_SLOW_REPLICATES = 200
"""Resamples of a metric that must be computed anew on each: two thousand, fewer where a resample is long."""
FEW_OF_A_CLASS = 10
"""Positives or negatives below which the normal is no guide to an area."""


@registry.register("rank")
def rank(sides: Sides) -> Contrast:
    """Compare two rankings of the same examples."""
    return _area(sides) if sides.metric.name == "auc" else _resampled(sides)


def _area(sides: Sides) -> Contrast:
    labels = sides.baseline[:, 1]
    fewest = int(min(labels.sum(), len(labels) - labels.sum()))
    if fewest < FEW_OF_A_CLASS:
        raise InsufficientDataError(
            f"An AUC is compared on at least {FEW_OF_A_CLASS} examples of either class; of one there are {fewest}."
        )
    first, second, level = sides.baseline[:, 0], sides.quantized[:, 0], np.zeros(sides.n)
    # A constant score has the area one half and no variance, so against it the variance is the other's own.
    base, quantized = (auc_loss(labels, one, level, sides.units) for one in (first, second))
    difference = auc_loss(labels, first, second, sides.units)
    base, quantized = (replace(one, value=one.value + 0.5) for one in (base, quantized))
    return EstimatedContrast(sides, Trio(base, quantized, difference))


def _resampled(sides: Sides) -> Contrast:
    replicates = int(np.clip(MOST_EXAMPLES_DRAWN // sides.n, LEAST_SLOW_REPLICATES, LEAST_REPLICATES))

    base, quantized = (sides.metric.resampled(columns) for columns in (sides.baseline, sides.quantized))

    def score(times: IntArray) -> tuple[float, float]:
        return base(times), quantized(times)

    return resampled_by_unit(sides, replicates, score)
