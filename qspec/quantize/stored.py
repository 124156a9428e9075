"""Storing the weights of products in another form: the steps that every weight-only scheme shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

from qspec._version import __version__
from qspec.data.table import listed
from qspec.errors import QSpecError
from qspec.model.number_format import find_format
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize.blocks import Floats
from qspec.quantize.coverage import Coverage, cover
from qspec.quantize.gemm import gemm_to_matmul
from qspec.quantize.graph import Layer, Port, open_model, weighted_layers
from qspec.quantize.integer import said
from qspec.quantize.nbits import import_contrib
from qspec.quantize.prepare import drop_unused_initializers, prepare, replace_nodes
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import as_float, layer_formats
from qspec.quantize.support import check_own, refuse_unused
from qspec.quantize.workspace import publish, workspace

EVERY = ("Conv", "Gemm", "MatMul")
"""Operators of schemes that store the weights of convolutions too; these unpack theirs before they multiply."""

PRODUCTS = ("Gemm", "MatMul")
"""Operators of schemes that store the weights of matrix products alone."""


@dataclass(frozen=True)
class Prepared:
    """A model about to be rewritten: each covered Gemm is a MatMul already."""

    request: Request
    model: ModelProto
    inputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    """The layers whose weights are to be stored anew, as they stand in `model`."""
    forms: dict[str, TensorFormat]
    """The declared format of each one's weight, by name."""


Store = Callable[[NodeProto, Layer, Floats, TensorFormat], list[NodeProto] | None]
"""Nodes in place of a layer, given its weight and the format it is to have; None leaves the layer in floats."""

Begin = Callable[[Prepared], tuple[Store, dict[str, Any]]]
"""What stores the weights of a model, and what the record needs, completed as layers are stored."""


def store_weights(
    request: Request, scheme: str, begin: Begin, operators: Sequence[str], used: tuple[str, ...]
) -> Realized:
    """Write the model with the weights of every covered layer stored anew.

    Raises `QSpecError` for a covered layer of a type that is not among `operators`; `used` names the fields of the
    precision that the scheme reads beside weights, activations, operators and layers.
    """
    precision = request.precision
    refuse_unused(precision, {"activations", "operators", "layers", *used}, scheme)
    check_own(precision)
    said(precision.weights, "weights", scheme)
    with workspace(request.output) as folder:
        opened = open_model(request.model)
        model = prepare(opened.with_weights())
        coverage = cover(model, precision, operators, scheme)
        refuse_others(coverage, operators, scheme)
        forms = _forms(precision, coverage, scheme)
        rewritten = gemm_to_matmul(model.graph, list(forms))
        layers = tuple(layer for layer in weighted_layers(model) if layer.name in forms)
        store, record = begin(Prepared(request, model, opened.inputs, layers, forms))
        _rewrite(model, forms, store)
        coverage.verify(model, scheme)
        onnx.save_model(model, folder / "quantized.onnx")
        publish(folder / "quantized.onnx", request.output)
    arguments = {"gemm_to_matmul": rewritten} | coverage.record() | record
    return Realized(
        request.output,
        f"qspec {__version__}",
        arguments,
        coverage.declared,
        simulated=precision.emulated,
        notes=_notes(precision),
    )


def refuse_others(coverage: Coverage, operators: Sequence[str], scheme: str) -> None:
    """Raise `QSpecError` where convolutions are covered by a scheme for matrix products."""
    others = [layer for layer in coverage.layers if layer.op not in operators]
    convolutions = [layer.name for layer in others if layer.op.startswith("Conv")]
    products = sorted({layer.op for layer in coverage.layers if layer.op in operators})
    if convolutions and "Conv" not in operators:
        raise QSpecError(
            f"The scheme {scheme} is for matrix products, and the precision covers the convolution "
            f"{listed(convolutions, 3)}.",
            hint=f"add `operators: [{', '.join(products)}]`, exclude the layer, or choose a scheme that stores convolutions",
        )


def _forms(precision: Precision, coverage: Coverage, scheme: str) -> dict[str, TensorFormat]:
    forms = {}
    for layer in coverage.layers:
        weights, activations = layer_formats(precision, layer)
        if activations != precision.activations:
            known = find_format(activations.type) if activations is not None else None
            if known is None or known.kind != "float":
                raise QSpecError(
                    f"The scheme {scheme} gives all layers the same activations, and a rule gives {layer.name} others.",
                    hint="leave `activations` out of the rule",
                )
        if weights is not None and not as_float(weights):
            forms[layer.name] = weights
    return forms


def _rewrite(model: ModelProto, forms: dict[str, TensorFormat], store: Store) -> None:
    layers = {layer.name: layer for layer in weighted_layers(model) if layer.name in forms}
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        layer = layers.get(node.name)
        values = numpy_helper.to_array(weights[layer.weight]) if layer is not None else None
        made = None
        if layer is not None and values is not None and values.dtype == np.float32:
            made = store(node, layer, values, forms[node.name])
        nodes += [node] if made is None else made
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
