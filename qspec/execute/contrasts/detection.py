"""Mean average precision: matched once, then images are resampled and the precisions computed anew."""

from __future__ import annotations

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.resampled import resampled_by_unit
from qspec.metrics.detection import average, matches
from qspec.stats.estimate import IntArray

REPLICATES = 200
"""Resamples: each computes every class at every overlap again."""


@registry.register("detection")
def detection(sides: Sides) -> Contrast:
    """Draw images, or the units they come in, with replacement; both models see the same draws."""
    baseline = matches(sides.baseline, sides.metric.parameters)
    quantized = matches(sides.quantized, sides.metric.parameters)

    def score(times: IntArray) -> tuple[float, float]:
        weights = times.astype(np.float64)
        return average(baseline, weights), average(quantized, weights)

    return resampled_by_unit(sides, REPLICATES, score)
