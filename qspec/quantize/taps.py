"""What a layer multiplies its weight with: rows of a value of the graph, cut into windows before a convolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto

from qspec.errors import QSpecError
from qspec.quantize.emulate.grids import Floats


@dataclass(frozen=True)
class Window:
    """The windows of one group of a convolution."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    """Zeros before each spatial axis, then after each."""
    first: int
    """First input channel of the group."""
    last: int
    """The channel after its last."""


@dataclass(frozen=True)
class Tap:
    """Rows of `size` numbers of the value, each of which a row of the weight is multiplied with."""

    value: str
    size: int
    window: Window | None = None

    def rows(self, array: Floats) -> Floats:
        """The rows of `array`, the value for some examples; shape (count, size)."""
        if self.window is None:
            return array.reshape(-1, self.size)
        how = self.window
        spatial = array.ndim - 2
        padding = [(0, 0), (0, 0), *zip(how.pads[:spatial], how.pads[spatial:], strict=True)]
        padded = np.pad(array[:, how.first : how.last], padding)
        spans = tuple((size - 1) * apart + 1 for size, apart in zip(how.kernel, how.dilations, strict=True))
        axes = tuple(range(2, 2 + spatial))
        windows = np.lib.stride_tricks.sliding_window_view(padded, spans, axis=axes)
        places = tuple(slice(None, None, step) for step in how.strides)
        within = tuple(slice(None, None, apart) for apart in how.dilations)
        chosen = windows[(slice(None), slice(None), *places, *within)]
        return np.moveaxis(chosen, 1, 1 + spatial).reshape(-1, self.size)


def taps_of(node: NodeProto, dims: tuple[int, ...]) -> tuple[Tap, ...]:
    """What `node`, whose weight has the shape `dims`, reads: one tap, or one a group of a convolution in groups.

    Raises `QSpecError` for a layer whose rows cannot be told: a transposed convolution, or padding left to the runtime.
    """
    value, flags = node.input[0], {item.name: item for item in node.attribute}
    if node.op_type != "Conv":
        turned = "transB" in flags and flags["transB"].i
        if node.op_type == "ConvTranspose" or ("transA" in flags and flags["transA"].i):
            raise QSpecError(
                f"What the layer {node.name} reads cannot be cut into rows: it is a {node.op_type} with its input turned.",
                hint="exclude the layer",
            )
        return (Tap(value, dims[-1 if turned else -2]),)
    if "auto_pad" in flags and flags["auto_pad"].s not in (b"", b"NOTSET", b"VALID"):
        raise QSpecError(
            f"The convolution {node.name} leaves its padding to the runtime ({flags['auto_pad'].s.decode()}).",
            hint="export the model with explicit pads, or exclude the layer",
        )
    spatial = len(dims) - 2
    kernel = tuple(dims[2:])
    strides, dilations = (
        tuple(flags[name].ints) if name in flags else (1,) * spatial for name in ("strides", "dilations")
    )
    pads = tuple(flags["pads"].ints) if "pads" in flags else (0,) * 2 * spatial
    groups = int(flags["group"].i) if "group" in flags else 1
    width = dims[1]
    return tuple(
        Tap(
            value,
            width * int(np.prod(kernel)),
            Window(kernel, strides, dilations, pads, group * width, (group + 1) * width),
        )
        for group in range(groups)
    )
