"""Weight-only quantization in blocks of integers: what its algorithms share, from the precision to the nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import NodeProto, numpy_helper

from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import TensorFormat
from qspec.quantize.blocks import Blocks, Floats
from qspec.quantize.emulate.granules import as_rows
from qspec.quantize.graph import Layer
from qspec.quantize.nbits import SIZES, dequantized_weight, matmul_nbits, row_size, storable
from qspec.quantize.request import Realized, Request
from qspec.quantize.sharing import Constants
from qspec.quantize.stored import EVERY, PRODUCTS, Prepared, Store, store_weights
from qspec.quantize.support import granularity, group_size, refuse_format_parts

WIDTHS = (2, 4, 8)
"""Bits of a code that the runtime unpacks."""

EMULATED_WIDTHS = range(2, 9)
"""Bits of a code that can be emulated."""


@dataclass(frozen=True)
class Cut:
    """How a weight is to be cut and coded."""

    bits: int
    size: int
    """Columns a block; zero for a whole row (per channel), until the layer is known."""
    symmetric: bool


Solve = Callable[[Layer, Floats, Cut], Blocks]
"""Chooses the codes of one layer's weight, (outputs, inputs)."""

Ready = Callable[[Prepared], tuple[Solve, Mapping[str, Any]]]
"""Given the prepared model, which it may rewrite: what chooses codes, and what the record needs, read at the end."""


def plainly(solve: Solve) -> Ready:
    """An algorithm that needs the weight alone."""
    return lambda prepared: (solve, {})


def quantize_blocks(
    request: Request,
    scheme: str,
    ready: Ready,
    *,
    used: tuple[str, ...] = ("recipe",),
    integer_products: bool = False,
    convolutions: bool = True,
    zero_points: bool = False,
) -> Realized:
    """Quantize the weights of every covered layer with an algorithm and write the model.

    Products become MatMulNBits; a convolution's weight is stored in blocks behind a DequantizeLinear. Where the
    precision is simulated, weights of 2 to 8 bits in blocks of any size are rounded instead and stay in floats.
    Without `convolutions` only products are taken. With `zero_points` blocks are asymmetric unless said otherwise.
    """
    simulated = request.precision.emulated

    def begin(prepared: Prepared) -> tuple[Store, dict[str, Any]]:
        cuts = {
            name: cut_of(form, scheme, simulated=simulated, zero_points=zero_points)
            for name, form in prepared.forms.items()
        }
        solve, record = ready(prepared)
        store = (
            _emulating(prepared, solve, cuts)
            if simulated
            else _storing(prepared, solve, cuts, integer_products)
        )
        said = {
            name: {"bits": cut.bits, "group": cut.size or None, "symmetric": cut.symmetric}
            for name, cut in cuts.items()
        }
        return store, {"weights": said, "algorithm": record}

    if request.precision.weights is not None:
        cut_of(request.precision.weights, scheme, simulated=simulated, zero_points=zero_points)
    return store_weights(request, scheme, begin, EVERY if convolutions else PRODUCTS, used)


def fitted(how: Cut, matrix: Floats) -> Cut:
    """`how` for a product's weight, (outputs, inputs): a whole row where no size is given."""
    return replace(how, size=how.size or row_size(matrix.shape[1], how.bits))


def cut_of(form: TensorFormat, scheme: str, *, simulated: bool, zero_points: bool = False) -> Cut:
    """How weights of `form` are cut; raises `QSpecError` for what can be neither stored nor, if so asked, emulated."""
    refuse_format_parts(form, {"granularity", "symmetric"}, "weights", scheme)
    known = find_format(form.type)
    widths = EMULATED_WIDTHS if simulated else WIDTHS
    if known is None or known.kind != "integer" or known.bits not in widths:
        raise QSpecError(
            f"The scheme {scheme} stores weights as integers of {', '.join(f'int{bits}' for bits in widths)} bits, and "
            f"the precision says {form.type}.",
            hint="other formats can be simulated without a recipe: `method: simulated`"
            if simulated
            else "other widths can be simulated: `simulated: true`",
        )
    term = granularity(form, {"per-group", "per-channel"}, "per-channel", "weights", scheme)
    size = group_size(term, "weights") if term.name == "per-group" else 0
    if size and not simulated and storable(size) is None:
        raise QSpecError(
            f"Weights per-group({size}) cannot be stored: the runtime's blocks have {', '.join(map(str, SIZES))} "
            "values, and a group is made of whole blocks.",
            hint="choose a multiple of 16",
        )
    symmetric = (known.signed and not zero_points) if form.symmetric is None else form.symmetric
    if symmetric and zero_points:
        raise QSpecError(
            f"The scheme {scheme} chooses zero points, and the precision says that weights are symmetric.",
            hint="leave `symmetric` out",
        )
    return Cut(known.bits, size, symmetric)


def _storing(prepared: Prepared, solve: Solve, cuts: Mapping[str, Cut], integer_products: bool) -> Store:
    model, constants = prepared.model, Constants(prepared.model.graph)

    def store(node: NodeProto, layer: Layer, values: Floats, form: TensorFormat) -> list[NodeProto] | None:
        cut = cuts[node.name]
        if layer.op == "Conv" and cut.bits != 2:
            matrix = values.reshape(len(values), -1)
            blocks = solve(layer, matrix, _within(cut, matrix))
            return dequantized_weight(node, model, constants, blocks, values.shape)
        if layer.op == "MatMul" and values.ndim == 2:
            matrix = np.ascontiguousarray(values.T)
            blocks = solve(layer, matrix, fitted(cut, matrix))
            return matmul_nbits(node, constants, blocks, integer_products=integer_products)
        return None

    return store


def _within(cut: Cut, matrix: Floats) -> Cut:
    """`cut` with blocks no longer than a row."""
    return replace(cut, size=min(cut.size or matrix.shape[1], matrix.shape[1]))


def _emulating(prepared: Prepared, solve: Solve, cuts: Mapping[str, Cut]) -> Store:
    def store(node: NodeProto, layer: Layer, values: Floats, form: TensorFormat) -> list[NodeProto] | None:
        matrix, restore = as_rows(node, values)
        cut = cuts[node.name]
        blocks = solve(layer, matrix, _within(cut, matrix))
        name = f"{node.name}/weight_{form.type}"
        tensor = numpy_helper.from_array(restore(blocks.dequantized()), name)
        prepared.model.graph.initializer.append(tensor)
        rewired = NodeProto.FromString(node.SerializeToString())
        rewired.input[1] = name
        return [rewired]

    return store
