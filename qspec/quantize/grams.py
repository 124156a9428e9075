"""Second moments of layer inputs over calibration data, a bounded number of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qspec.errors import LimitError
from qspec.quantize.observe import Watch
from qspec.quantize.taps import Tap

MOST_BYTES = 1 << 30
"""Most bytes of second moments held at once; more layers take more passes over the data."""

Doubles = NDArray[np.float64]


class Grams:
    """X^T X of what layers read; computed in passes over the data, as many taps each as fit."""

    def __init__(self, watch: Watch, taps: Iterable[Tap]) -> None:
        self._taps = list(dict.fromkeys(taps))
        largest = max((tap.size for tap in self._taps), default=0)
        if largest**2 * 8 > MOST_BYTES:
            raise LimitError(
                f"A layer reads {largest:,} channels, whose second moments take more than the {MOST_BYTES:,} bytes that "
                "may be held at once.",
                hint="exclude the layer, or choose a recipe that reads no data",
            )
        self._watch = watch
        self._held: dict[Tap, Doubles] = {}

    def __getitem__(self, tap: Tap) -> Doubles:
        """The second moments of `tap`, shape (size, size), summed over examples and places."""
        if tap not in self._held:
            self._held = self._computed(self._batch(tap))
        return self._held[tap]

    def _batch(self, tap: Tap) -> list[Tap]:
        """`tap` and those after it that fit beside it."""
        chosen, taken = [], 0
        for one in self._taps[self._taps.index(tap) :]:
            taken += one.size**2 * 8
            if taken > MOST_BYTES:
                break
            chosen.append(one)
        return chosen

    def _computed(self, taps: list[Tap]) -> dict[Tap, Doubles]:
        sums = {tap: np.zeros((tap.size,) * 2) for tap in taps}
        for arrays in self._watch.passes([tap.value for tap in taps]):
            for tap in taps:
                rows = tap.rows(arrays[tap.value]).astype(np.float64)
                sums[tap] += rows.T @ rows
        return sums
