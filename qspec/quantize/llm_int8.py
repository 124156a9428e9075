"""LLM.int8(): input channels with outliers multiplied in half precision, all others in 8-bit integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

from qspec._version import __version__
from qspec.errors import QSpecError
from qspec.model.expression import Term
from qspec.model.precision import Precision, TensorFormat
from qspec.quantize import registry
from qspec.quantize.arguments import Number, recipe_number, takes
from qspec.quantize.coverage import cover
from qspec.quantize.emulate.activations import round_activation
from qspec.quantize.emulate.formats import emulation
from qspec.quantize.emulate.grids import FLOATING, Floats
from qspec.quantize.emulate.weights import round_matrix
from qspec.quantize.gemm import gemm_to_matmul
from qspec.quantize.graph import open_model, weighted_layers
from qspec.quantize.prepare import drop_unused_initializers, prepare, replace_nodes
from qspec.quantize.request import Realized, Request
from qspec.quantize.rules import only_floats
from qspec.quantize.stored import PRODUCTS, refuse_others
from qspec.quantize.support import check_own, refuse_unused
from qspec.quantize.weave import Weaver, check_opset, opset_of
from qspec.quantize.workspace import publish, workspace

SCHEME = "simulated/llm.int8"
THRESHOLD = 6.0
"""Magnitude from which a channel counts as an outlier (Dettmers et al., NeurIPS 2022, section 3.2)."""

OUTLYING = Number("threshold", "above 0", lambda value: value > 0)

BATCH_NOTE = (
    "A channel is an outlier where any value of a whole call exceeds the threshold, so results depend on which examples "
    "share a batch, their order and padding."
)
INT8 = {"int8"}


@registry.register(
    SCHEME,
    aliases=("ptq-dynamic/llm.int8", "simulated/llm-int8", "ptq-dynamic/llm-int8", "simulated/llm.int8()"),
)
@takes(OUTLYING)
def quantize(request: Request) -> Realized:
    """Decompose every product as in LLM.int8() (Dettmers et al., NeurIPS 2022, section 3), in floats.

    Activations are rounded to int8 per token and weights to int8 per output; the channels of outliers are taken out of
    both and multiplied in fp16. `llm.int8(threshold: 6)` says from which magnitude on.
    """
    precision = request.precision
    if not precision.emulated:
        raise QSpecError(
            "The runtime has no kernel that takes outliers out of a product, so LLM.int8() can only be simulated.",
            hint="add `simulated: true`",
        )
    refuse_unused(precision, {"activations", "operators", "layers", "recipe"}, SCHEME)
    check_own(precision)
    _check(precision.weights, "weights", "per-channel")
    _check(precision.activations, "activations", "per-token")
    threshold = threshold_of(precision)
    with workspace(request.output) as folder:
        model = prepare(open_model(request.model).with_weights())
        check_opset(model, "formats are emulated")
        coverage = cover(model, precision, PRODUCTS, SCHEME)
        refuse_others(coverage, PRODUCTS, SCHEME)
        floats = only_floats(precision, coverage.layers, SCHEME)
        names = [name for name in coverage.names if name not in floats]
        rewritten = gemm_to_matmul(model.graph, names)
        _decompose(model, set(names), threshold)
        onnx.save_model(model, folder / "simulated.onnx")
        publish(folder / "simulated.onnx", request.output)
    arguments: dict[str, Any] = {
        "threshold": threshold,
        "gemm_to_matmul": rewritten,
        "rules_in_floats": floats,
    }
    return Realized(
        request.output,
        f"qspec {__version__}",
        arguments | coverage.record(),
        coverage.declared,
        simulated=True,
        notes=(BATCH_NOTE,),
    )


def threshold_of(precision: Precision) -> float:
    """The threshold of `llm.int8(threshold)`; raises `QSpecError` for any other argument."""
    return recipe_number(precision, OUTLYING) or THRESHOLD


def _check(form: TensorFormat | None, what: str, granularity: str) -> None:
    said = str(form.granularity) if form is not None and form.granularity is not None else granularity
    if form is not None and (
        form.type not in INT8 or said != granularity or form.symmetric is False or form.scale or form.range
    ):
        raise QSpecError(
            f"LLM.int8() has {what} of int8 {granularity}, symmetric, and the precision says otherwise.",
            hint=f"write `{what}: int8 {{ granularity: {granularity} }}`",
        )


def _form(granularity: str) -> TensorFormat:
    return TensorFormat(type="int8", granularity=Term(name=granularity))


def _decompose(model: ModelProto, names: set[str], threshold: float) -> None:
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights = {layer.name: layer.weight for layer in weighted_layers(model) if layer.name in names}
    nodes: list[NodeProto] = []
    for node in list(graph.node):
        if node.name not in weights:
            nodes.append(node)
            continue
        values = np.asarray(numpy_helper.to_array(tensors[weights[node.name]]), dtype=np.float32)
        weave = Weaver(graph, f"{node.name}/llm.int8", opset_of(model))
        nodes += _products(weave, node, values, threshold)
    replace_nodes(graph, nodes)
    drop_unused_initializers(graph)
    del graph.value_info[:]


def _products(weave: Weaver, node: NodeProto, weight: Floats, threshold: float) -> list[NodeProto]:
    """Two products and their sum in place of `node`; the first keeps its name, the sum its output."""
    value, channels = node.input[0], weight.shape[-2]
    magnitudes = weave("Abs", weave("Reshape", value, weave.constant([-1, channels], np.int64)))
    outlying = weave("Not", weave("Less", weave.reduce("ReduceMax", magnitudes, 0), threshold))
    mask = weave("Reshape", outlying, weave.constant([channels], np.int64))
    usual, outliers = weave("Where", mask, 0.0, value), weave("Where", mask, value, 0.0)
    how = emulation(_form("per-token"), "activations", SCHEME)
    rounded = round_activation(weave, usual, how, None, channels, "MatMul")
    first = NodeProto.FromString(node.SerializeToString())
    first.input[0], first.input[1] = rounded, weave.constant(_per_output(weight))
    first.output[0] = f"{node.name}/llm.int8/integers"
    half = weave.constant(FLOATING["fp16"].round(weight))
    weave.nodes.append(first)
    weave("Add", first.output[0], weave("MatMul", outliers, half))
    weave.nodes[-1].output[0] = node.output[0]  # readers of the product find the sum
    return weave.nodes


def _per_output(weight: Floats) -> Floats:
    """`weight`, (…, inputs, outputs), rounded to int8 under one scale an output."""
    turned = np.swapaxes(weight, -1, -2)
    rows = np.ascontiguousarray(turned).reshape(-1, turned.shape[-1])
    rounded = round_matrix(rows, emulation(_form("per-channel"), "weights", SCHEME)).reshape(turned.shape)
    return np.ascontiguousarray(np.swapaxes(rounded, -1, -2))
