"""Weight-only quantization in blocks: what its algorithms share, from the precision to the finished file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

from qspec._version import __version__
from qspec.errors import NotExecutableError, QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize.blocks import Blocks, Floats
from qspec.quantize.coverage import cover
from qspec.quantize.gemm import gemm_to_matmul
from qspec.quantize.graph import Layer, open_model, weighted_layers
from qspec.quantize.integer import said
from qspec.quantize.nbits import SIZES, dequantized_weight, import_contrib, matmul_nbits, row_size, storable
from qspec.quantize.prepare import drop_unused_initializers, prepare, replace_nodes
from qspec.quantize.request import Realized, Request
from qspec.quantize.support import granularity, group_size, refuse_format_parts, refuse_unused
from qspec.quantize.workspace import publish, workspace

WIDTHS = (2, 4, 8)
"""Bits of a code that the runtime unpacks."""

OPERATORS = ("Conv", "Gemm", "MatMul")
"""Operators whose weights are stored in blocks; convolutions unpack theirs when the model is loaded."""


@dataclass(frozen=True)
class Cut:
    """How a weight is to be cut and coded."""

    bits: int
    size: int
    """Columns a block; zero for a whole row (per channel), until the layer is known."""
    symmetric: bool


Solve = Callable[[Layer, Floats, Cut], Blocks]
"""Chooses the codes of one layer's weight, (outputs, inputs)."""


def quantize_blocks(
    request: Request,
    scheme: str,
    solve: Callable[[ModelProto], Solve],
    *,
    record: Mapping[str, Any] | None = None,
    used: tuple[str, ...] = ("recipe",),
    integer_products: bool = False,
) -> Realized:
    """Quantize the weights of every covered layer with an algorithm and write the model.

    `solve` is given the prepared model, with each covered Gemm rewritten to MatMul, and returns what chooses the
    codes of a layer. Products become MatMulNBits; a convolution's weight is stored in blocks behind a
    DequantizeLinear. `record` is what else the record needs; it is read after the algorithm has run.
    """
    precision = request.precision
    refuse_unused(precision, {"activations", "operators", *used}, scheme)
    _check_quantizer(precision)
    cut = _cut(said(precision.weights, "weights", scheme), scheme)
    with workspace(request.output) as folder:
        model = prepare(open_model(request.model).with_weights())
        coverage = cover(model, precision, OPERATORS, scheme)
        rewritten = gemm_to_matmul(model.graph, coverage.declared)
        _rewrite(model, set(coverage.declared), solve(model), cut, integer_products)
        coverage.verify(model, scheme)
        onnx.save_model(model, folder / "quantized.onnx")
        publish(folder / "quantized.onnx", request.output)
    arguments = {
        "bits": cut.bits,
        "group": cut.size or None,
        "symmetric": cut.symmetric,
        "gemm_to_matmul": rewritten,
    }
    arguments |= coverage.record() | dict(record or {})
    return Realized(
        request.output, f"qspec {__version__}", arguments, coverage.declared, notes=_notes(precision)
    )


def _check_quantizer(precision: Precision) -> None:
    pinned = precision.quantizer
    if pinned is not None and (pinned.name != "qspec" or pinned.pin not in (None, __version__)):
        raise NotExecutableError(
            f"The precision is to be made by {pinned}, and here it would be made by qspec {__version__}.",
            hint="leave `quantizer` out, or bring the quantized model as a file",
        )


def _cut(form: TensorFormat, scheme: str) -> Cut:
    refuse_format_parts(form, {"granularity", "symmetric"}, "weights", scheme)
    known = find_format(form.type)
    if known is None or known.kind != "integer" or known.bits not in WIDTHS:
        widths = ", ".join(f"int{bits}" for bits in WIDTHS)
        raise QSpecError(
            f"The scheme {scheme} stores weights as integers of {widths} bits, and the precision says {form.type}.",
            hint="other widths can be simulated: `simulated: true`",
        )
    term = granularity(form, {"per-group", "per-channel"}, "per-channel", "weights", scheme)
    size = group_size(term, "weights") if term.name == "per-group" else 0
    if size and storable(size) is None:
        raise QSpecError(
            f"Weights per-group({size}) cannot be stored: the runtime's blocks have {', '.join(map(str, SIZES))} "
            "values, and a group is made of whole blocks.",
            hint="choose a multiple of 16",
        )
    symmetric = known.signed if form.symmetric is None else form.symmetric
    return Cut(known.bits, size, symmetric)


def _rewrite(model: ModelProto, covered: set[str], solve: Solve, cut: Cut, integer_products: bool) -> None:
    layers = {layer.name: layer for layer in weighted_layers(model) if layer.name in covered}
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        layer = layers.get(node.name)
        values = numpy_helper.to_array(weights[layer.weight]) if layer is not None else None
        if layer is None or values is None or values.dtype != np.float32:
            nodes.append(node)
        elif layer.op == "Conv" and cut.bits != 2:
            matrix = values.reshape(len(values), -1)
            fitted = replace(cut, size=min(cut.size or matrix.shape[1], matrix.shape[1]))
            nodes += dequantized_weight(node, model, solve(layer, matrix, fitted), values.shape)
        elif layer.op == "MatMul" and values.ndim == 2:
            matrix = np.ascontiguousarray(values.T)
            fitted = replace(cut, size=cut.size or row_size(matrix.shape[1], cut.bits))
            blocks = solve(layer, matrix, fitted)
            nodes += matmul_nbits(node, model.graph, blocks, integer_products=integer_products)
        else:
            nodes.append(node)
    replace_nodes(model.graph, nodes)
    drop_unused_initializers(model.graph)
    del model.graph.value_info[:]
    import_contrib(model)


def _notes(precision: Precision) -> tuple[str, ...]:
    form = precision.activations
    known = find_format(form.type) if form is not None else None
    if known is not None and known.kind == "float" and known.bits < 32:
        return (f"Activations are computed in fp32, wider than the declared {known.name}.",)
    return ()
