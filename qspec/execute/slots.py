"""Memory into which the runtime writes the outputs of a block of batches, instead of making arrays that are joined."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qspec.execute.providers import load_runtime
from qspec.execute.sessions import Arrays, Session

# What the runtime's own allocator gives (onnxruntime, core/framework/allocator.h). Kernels treat the ends of memory that
# is aligned otherwise by other instructions, and a result must not depend on the place of its batch in a block.
_ALIGNMENT = 64

# So many slots stay in the cache and cost little to make; where a block has more batches they are emptied in between.
_MOST_SLOTS = 32


Layout = tuple[tuple[int, ...], np.dtype[Any]]
"""Shape and type of one output of a full batch."""

Pool = dict[tuple[int, Layout, int], "_Output"]
"""Memory that models which run in turn write into, so that it stays in the cache; by place, layout and batches."""


class Slots:
    """Room for the outputs of up to `batches` batches of a model on the processor, each laid out in the same way.

    Models that share a `pool` overwrite each other's outputs.
    """

    def __init__(self, session: Session, layouts: Sequence[Layout], batches: int, pool: Pool) -> None:
        # The next power of two, so that a block which grows by a little fits; what is not written to is not taken.
        self.batches = 1 << (batches - 1).bit_length()
        self._outputs = []
        for place, layout in enumerate(layouts):
            key = place, layout, self.batches
            if key not in pool:
                pool[key] = _Output(*layout, self.batches)
            self._outputs.append(pool[key])
        names = [port.name for port in session.outputs]
        self._views = [
            list(zip(names, views, strict=True))
            for views in zip(*(output.views for output in self._outputs), strict=True)
        ]
        self._inference = session._inference
        self._binding = self._inference.io_binding()

    @staticmethod
    def layouts(session: Session, outputs: Sequence[NDArray[Any]], batch: int) -> list[Layout]:
        """How `outputs`, those of a full batch, are laid out; empty where the runtime cannot write them into slots."""
        suited = (
            session.in_place
            and all(port.dtype != "object" for port in session.inputs)
            and all(_plain(array) and len(array) == batch for array in outputs)
        )
        return [(array.shape, array.dtype) for array in outputs] if suited else []

    def run(self, feeds: Iterable[Arrays], batches: int) -> None:
        """Run the model on so many batches; raises what the runtime raises, also for outputs of another shape."""
        binding, run = self._binding, self._inference.run_with_iobinding
        take, give = binding.bind_cpu_input, binding.bind_ortvalue_output
        source, slots = iter(feeds), len(self._views)
        for start in range(0, batches, slots):
            for views, each in zip(self._views, source, strict=False):
                for name, array in each.items():
                    take(name, array)
                for name, view in views:
                    give(name, view)
                run(binding)
            for output in self._outputs:
                output.empty(start, min(slots, batches - start))

    def joined(self, batches: int) -> list[NDArray[Any]]:
        """Every output of the batches that ran last, shape (batches · batch, …); gone when others run."""
        return [output.joined(batches) for output in self._outputs]


class _Output:
    """The slots of one output, equally far apart, every one at an aligned address, and where they are emptied to."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], batches: int) -> None:
        self._shape, slots, size = shape, min(batches, _MOST_SLOTS), math.prod(shape)
        stride = -(-size * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT
        memory = np.empty(stride * slots + _ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % _ALIGNMENT
        rows = memory[start : start + stride * slots].reshape(slots, stride)
        self._slots = rows[:, : size * dtype.itemsize].view(dtype)
        self._emptied = np.empty((batches, size), dtype) if batches > slots else None
        wrap = load_runtime().OrtValue.ortvalue_from_numpy
        self.views = [wrap(slot.reshape(shape)) for slot in self._slots]
        """The runtime's view of each slot."""

    def empty(self, start: int, count: int) -> None:
        """Set aside what is in the first `count` slots, which belongs to the batches from `start` on."""
        if self._emptied is not None:
            self._emptied[start : start + count] = self._slots[:count]

    def joined(self, batches: int) -> NDArray[Any]:
        whole = self._slots if self._emptied is None else self._emptied
        return whole[:batches].reshape(batches * self._shape[0], *self._shape[1:])


def _plain(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "biuf" and array.ndim > 0 and array.size > 0
