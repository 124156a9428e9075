"""Second moments of layer inputs over calibration data, a bounded number of them in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qspec.errors import LimitError
from qspec.quantize.observe import Watch

MOST_BYTES = 1 << 30
"""Most bytes of second moments held at once; more layers take more passes over the data."""

Doubles = NDArray[np.float64]


class Grams:
    """X^T X of activations with a last axis of known size; computed in passes, as many activations each as fit."""

    def __init__(self, watch: Watch, sizes: Mapping[str, int]) -> None:
        largest = max(sizes.values(), default=0)
        if largest**2 * 8 > MOST_BYTES:
            raise LimitError(
                f"A layer reads {largest:,} channels, whose second moments take more than the {MOST_BYTES:,} bytes that "
                "may be held at once.",
                hint="exclude the layer, or choose a recipe that reads no data",
            )
        self._watch, self._sizes = watch, dict(sizes)
        self._held: dict[str, Doubles] = {}

    def __getitem__(self, value: str) -> Doubles:
        """The second moments of `value`, shape (channels, channels), summed over examples and places."""
        if value not in self._held:
            self._held = self._computed(self._batch(value))
        return self._held[value]

    def _batch(self, value: str) -> list[str]:
        """`value` and those after it that fit beside it."""
        names = list(self._sizes)
        chosen, taken = [], 0
        for name in names[names.index(value) :]:
            taken += self._sizes[name] ** 2 * 8
            if taken > MOST_BYTES:
                break
            chosen.append(name)
        return chosen

    def _computed(self, values: list[str]) -> dict[str, Doubles]:
        sums = {name: np.zeros((self._sizes[name],) * 2) for name in values}
        for arrays in self._watch.passes(values):
            for name, array in arrays.items():
                rows = array.reshape(-1, self._sizes[name]).astype(np.float64)
                sums[name] += rows.T @ rows
        return sums
