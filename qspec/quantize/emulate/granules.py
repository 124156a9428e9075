"""Cutting a weight into granules, the sets of values that share a scale, and putting it together again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import NodeProto

from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.quantize.emulate.grids import Floats
from qspec.quantize.support import sizes_of

Restore = Callable[[Floats], Floats]
"""From granules back to the shape that was cut."""

PER_TENSOR = Term(name="per-tensor")


def as_rows(node: NodeProto, weight: Floats) -> tuple[Floats, Restore]:
    """The weight of `node` as a matrix (output channels, values of each), and the way back.

    A MatMul's weight is (…, inputs, outputs), a Gemm's the same or, transposed, (outputs, inputs); a convolution's
    (outputs, …), a transposed convolution's (inputs, outputs, …).
    """
    if node.op_type == "ConvTranspose":
        order = (1, 0, *range(2, weight.ndim))
    elif node.op_type == "Conv" or (node.op_type == "Gemm" and _flag(node, "transB")):
        order = tuple(range(weight.ndim))
    else:
        order = (*range(weight.ndim - 2), weight.ndim - 1, weight.ndim - 2)
    turned = weight.transpose(order)
    back = tuple(int(place) for place in np.argsort(order))
    columns = turned.shape[-1] if order[-1] == weight.ndim - 2 else int(np.prod(turned.shape[1:]))
    matrix = np.ascontiguousarray(turned).reshape(-1, columns)
    return matrix, lambda rows: np.ascontiguousarray(rows.reshape(turned.shape).transpose(back))


def cut_up(matrix: Floats, granularity: Term) -> tuple[Floats, Restore]:
    """`matrix`, (rows, columns), as granules (count, values of each), filled up with zeros, and the way back.

    Per channel a row is a granule, `per-group(n)` n columns of a row, `per-block(r, c)` r rows of c columns.
    """
    rows, columns = matrix.shape
    if granularity.name == "per-tensor":
        high, wide = rows, columns
    elif granularity.name == "per-channel":
        high, wide = 1, columns
    else:
        high, wide = block_shape(granularity)
    down, along = -(-rows // high), -(-columns // wide)
    padded = np.zeros((down * high, along * wide), dtype=np.float32)
    padded[:rows, :columns] = matrix
    blocks = padded.reshape(down, high, along, wide).transpose(0, 2, 1, 3)

    def restore(granules: Floats) -> Floats:
        whole = granules.reshape(down, along, high, wide).transpose(0, 2, 1, 3)
        return whole.reshape(down * high, along * wide)[:rows, :columns]

    return blocks.reshape(down * along, high * wide), restore


def block_shape(granularity: Term) -> tuple[int, int]:
    """Rows and columns of `per-group(n)` or `per-block(r, c)`; raises `QSpecError` where they are not said."""
    sizes = sizes_of(granularity)
    wanted = {"per-group": 1, "per-block": 2}.get(granularity.name, 0)
    if len(sizes) != wanted:
        raise QSpecError(
            f"The granularity {granularity} does not say how large its parts are.",
            hint="write per-group(32), or per-block(16, 16) for rows and columns",
        )
    return (1, sizes[0]) if wanted == 1 else (sizes[0], sizes[1])


def _flag(node: NodeProto, name: str) -> int:
    return next((int(item.i) for item in node.attribute if item.name == name), 0)
