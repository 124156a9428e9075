"""Resamples the sums of several strata and metrics by one matrix product, which costs hardly more than that of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qspec.stats.bootstrap import LEAST_REPLICATES, group_weights
from qspec.stats.estimate import FloatArray

MOST_CELLS = 25_000_000
"""Resampled sums held at a time (200 MB): metrics of many classes take their resamples in slices."""

Pair = tuple[FloatArray, FloatArray]
"""Values of the baseline and of the quantized model."""


@dataclass(eq=False)
class Pooled:
    """Sums of groups of units, (groups, k), and both models' values of totals (..., k) of them."""

    sums: FloatArray
    seed: int
    values: Callable[[FloatArray], Pair]
    resampled: Pair | None = None
    """Both models' values on the first resamples, (replicates,)."""

    @property
    def alike(self) -> tuple[int, int]:
        """What those share that are resampled by the same draws."""
        return len(self.sums), self.seed

    def more(self, block: int) -> Pair:
        """Values on a later block of resamples, of draws of its own."""
        return _under(group_weights(len(self.sums), LEAST_REPLICATES, [self.seed, block]), [self])[0]


class Pool:
    """What waits to be resampled; the first that is asked for takes all with it that are alike."""

    def __init__(self) -> None:
        self._waiting: list[Pooled] = []

    def add(self, pooled: Pooled) -> None:
        """Let it wait."""
        self._waiting.append(pooled)

    def resampled(self, pooled: Pooled) -> Pair:
        """Both models' values on the first resamples."""
        if pooled.resampled is None:
            weights = _weights(*pooled.alike)
            for batch in _batches([one for one in self._waiting if one.alike == pooled.alike]):
                for one, found in zip(batch, _under(weights, batch), strict=True):
                    one.resampled = found
            self._waiting = [one for one in self._waiting if one.resampled is None]
        assert pooled.resampled is not None
        return pooled.resampled


@lru_cache(maxsize=2)
def _weights(groups: int, seed: int) -> FloatArray:
    """The first draws, shared by every metric, stratum and model of one number of groups."""
    return group_weights(groups, LEAST_REPLICATES, seed)


def _batches(members: Sequence[Pooled]) -> Iterator[list[Pooled]]:
    """The members, so many at a time as the resampled sums of all draws may be held."""
    batch: list[Pooled] = []
    width = 0
    for one in members:
        width += one.sums.shape[1]
        if batch and width * LEAST_REPLICATES > MOST_CELLS:
            yield batch
            batch, width = [], one.sums.shape[1]
        batch.append(one)
    if batch:
        yield batch


def _under(weights: FloatArray, members: Sequence[Pooled]) -> list[Pair]:
    """Every member's values under every row of weights (replicates, groups), in slices that memory holds."""
    together = members[0].sums if len(members) == 1 else np.hstack([one.sums for one in members])
    step = max(1, MOST_CELLS // together.shape[1])
    ends = np.cumsum([one.sums.shape[1] for one in members])[:-1]
    slices = []
    for start in range(0, len(weights), step):
        totals = np.split(weights[start : start + step] @ together, ends, axis=1)
        slices.append([one.values(part) for one, part in zip(members, totals, strict=True)])
    return [joined(parts) for parts in zip(*slices, strict=True)]


def joined(parts: Sequence[Pair]) -> Pair:
    """Values of resamples, one block after the other."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate([one for one, _ in parts]), np.concatenate([other for _, other in parts])
