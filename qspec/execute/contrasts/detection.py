"""Mean average precision: matched once, then images are resampled and the precisions computed anew."""

from __future__ import annotations

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.resampled import ResampledContrast
from qspec.metrics.detection import average, matches
from qspec.stats.estimate import codes

REPLICATES = 200
"""Resamples: each computes every class at every overlap again."""


@registry.register("detection")
def detection(sides: Sides) -> Contrast:
    """Draw images, or the units they come in, with replacement; both models see the same draws."""
    index, units = codes(sides.units, sides.n, "units")
    generator = np.random.default_rng(sides.seed)
    found = [matches(columns, sides.metric.parameters) for columns in (sides.baseline, sides.quantized)]
    values = np.empty((2, REPLICATES))
    for replicate in range(REPLICATES):
        drawn = np.bincount(generator.integers(0, units, units), minlength=units)
        weights = drawn[index].astype(np.float64)
        values[:, replicate] = [average(one, weights) for one in found]
    every = np.ones(sides.n)
    estimates = average(found[0], every), average(found[1], every)
    return ResampledContrast(sides, estimates, (values[0], values[1]), units)
