"""Gathers the columns of all examples, which come in blocks, in one array that is made at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qspec.metrics.fields import FloatArray


class Collected:
    """Columns (count, c) of the examples of a run, filled from the first example to the last; blocks are copied.

    A block that lacks the last classes has fewer columns than others; what it lacks is zero. The system gives memory for
    what has been filled only, so that no more than the columns themselves is held, once.
    """

    def __init__(self, count: int) -> None:
        import numpy as np

        self._array: FloatArray = np.zeros((count, 0))
        self._filled = 0

    @classmethod
    def of(cls, blocks: Iterable[FloatArray]) -> FloatArray:
        """The columns of blocks that are all there already."""
        given = list(blocks)
        collected = cls(sum(map(len, given)))
        for block in given:
            collected.take(block)
        return collected.whole()

    def take(self, block: FloatArray) -> None:
        """Put in the columns of the next examples."""
        import numpy as np

        count, width = block.shape
        if width > self._array.shape[1]:
            wider = np.zeros((len(self._array), width))
            wider[: self._filled, : self._array.shape[1]] = self._array[: self._filled]
            self._array = wider
        self._array[self._filled : self._filled + count, :width] = block
        self._filled += count

    def whole(self) -> FloatArray:
        """The columns of all examples; raises ValueError while some are missing."""
        if self._filled != len(self._array):
            raise ValueError(f"{self._filled} of {len(self._array)} examples have been taken")
        return self._array
