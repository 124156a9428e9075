"""Metrics that are smooth functions of sums over examples: F1, perplexity, BLEU, mean IoU."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qspec.execute.contrasts import registry
from qspec.execute.contrasts.contrast import Contrast, Sides
from qspec.execute.contrasts.resampled import ResampledContrast
from qspec.stats.bootstrap import LEAST_REPLICATES, group_units, group_weights
from qspec.stats.estimate import FloatArray, codes

MOST_CELLS = 25_000_000
"""Resampled sums held at a time (200 MB): metrics of many classes take their resamples in slices."""


def _weights(groups: int, seed: int, block: int) -> FloatArray:
    """A block of draws; the first is shared by every metric, stratum and model of one size."""
    if block:
        return group_weights(groups, LEAST_REPLICATES, [seed, block])
    return _first_weights(groups, seed)


@lru_cache(maxsize=2)
def _first_weights(groups: int, seed: int) -> FloatArray:
    return group_weights(groups, LEAST_REPLICATES, seed)


@dataclass(frozen=True)
class _Grouped:
    """Sums of both models by group of units, side by side with the groups' sizes: (groups, k + k' + 1)."""

    sides: Sides
    sums: FloatArray
    widths: tuple[int, int]

    @classmethod
    def of(cls, sides: Sides, groups: np.ndarray, count: int) -> _Grouped:
        """One pass over the examples of either model."""
        first, second = (sides.metric.sums(c, groups, count) for c in (sides.baseline, sides.quantized))
        sizes = np.bincount(groups, minlength=count)[:, None]
        return cls(sides, np.hstack([first, second, sizes]), (first.shape[1], second.shape[1]))

    def values(self, sums: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both models' values of totals (..., k + k' + 1)."""
        parts = np.split(sums, np.cumsum(self.widths), axis=-1)
        value = self.sides.metric.value
        return value(parts[0], parts[2][..., 0]), value(parts[1], parts[2][..., 0])

    def under(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both models' values under every row of weights (replicates, groups), in slices that memory holds."""
        step = max(1, MOST_CELLS // self.sums.shape[1])
        slices = [weights[start : start + step] for start in range(0, len(weights), step)]
        return _joined([self.values(part @ self.sums) for part in slices])


def _joined(parts: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    return np.concatenate([one for one, _ in parts]), np.concatenate([other for _, other in parts])


@registry.register("smooth")
def smooth(sides: Sides) -> Contrast:
    """Resample groups of units by one matrix product; both models see the same draws."""
    groups, count = group_units(sides.units, sides.n, sides.seed)
    grouped = _Grouped.of(sides, groups, count)

    def resampled(replicates: int) -> tuple[FloatArray, FloatArray]:
        return _joined(
            [
                grouped.under(_weights(count, sides.seed, block))
                for block in range(-(-replicates // LEAST_REPLICATES))
            ]
        )

    first, second = grouped.values(grouped.sums.sum(axis=0))
    units = codes(sides.units, sides.n, "units")[1]
    return ResampledContrast(
        sides, (float(first), float(second)), resampled(LEAST_REPLICATES), units, resampled
    )
