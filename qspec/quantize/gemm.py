"""Rewriting Gemm to MatMul and Add: quantizers of matrix products pass over a Gemm in silence."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from qspec.errors import QSpecError
from qspec.quantize.prepare import drop_unused_initializers, replace_nodes


def gemm_to_matmul(graph: GraphProto, names: Collection[str], *, others: bool = False) -> list[str]:
    """Rewrite the Gemm nodes called `names` as MatMul and Add, and return the names of all those rewritten.

    With `others`, every other Gemm that can be is rewritten too: the runtime's dynamic quantizer rewrites them
    itself otherwise, under new names that its list of excluded nodes then misses.

    The product keeps the Gemm's name; a transposed or scaled weight is stored anew as `WEIGHT_transposed`. Raises
    `QSpecError` for a Gemm among `names` that has another form, such as a transposed input.
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[NodeProto] = []
    rewritten: list[str] = []
    for node in graph.node:
        if node.op_type == "Gemm" and (node.name in names or (others and _fault(node, constants) is None)):
            nodes += _rewrite(node, graph, constants)
            rewritten.append(node.name)
        else:
            nodes.append(node)
    if rewritten:
        replace_nodes(graph, nodes)
        drop_unused_initializers(graph)
    return rewritten


def _rewrite(node: NodeProto, graph: GraphProto, constants: dict[str, TensorProto]) -> list[NodeProto]:
    fault = _fault(node, constants)
    if fault is not None:
        raise QSpecError(
            f"The layer {node.name} is a Gemm that {fault}, and quantized matrix products have no such form.",
            hint="exclude the layer, or export the model with MatMul",
        )
    turned, alpha, beta = _attribute(node, "transB", 0), _attribute(node, "alpha"), _attribute(node, "beta")
    weight = node.input[1]
    if turned or alpha != 1:
        stored = numpy_helper.to_array(constants[weight])
        scaled = (stored.T if turned else stored) * stored.dtype.type(alpha)
        weight = _store(graph, constants, f"{weight}_transposed", scaled)
    if len(node.input) < 3 or not node.input[2]:
        return [helper.make_node("MatMul", [node.input[0], weight], [node.output[0]], name=node.name)]
    product = f"{node.output[0]}_product"
    nodes = [helper.make_node("MatMul", [node.input[0], weight], [product], name=node.name)]
    bias = node.input[2]
    if beta != 1:
        stored = numpy_helper.to_array(constants[bias])
        bias = _store(graph, constants, f"{bias}_scaled", stored * stored.dtype.type(beta))
    return [*nodes, helper.make_node("Add", [product, bias], [node.output[0]], name=f"{node.name}/Add")]


def _fault(node: NodeProto, constants: dict[str, TensorProto]) -> str | None:
    """What keeps a Gemm from being a MatMul and an Add, or None."""
    if _attribute(node, "transA", 0):
        return "transposes its input"
    if node.input[1] not in constants:
        return "computes its weight"
    if _attribute(node, "beta") != 1 and len(node.input) > 2 and node.input[2] not in constants:
        return "scales a computed bias"
    return None


def _attribute(node: NodeProto, name: str, default: float = 1.0) -> float:
    found = next((item for item in node.attribute if item.name == name), None)
    return default if found is None else float(found.f or found.i)


def _store(
    graph: GraphProto, constants: dict[str, TensorProto], name: str, values: NDArray[np.generic]
) -> str:
    while name in constants:  # two layers may share a weight and scale it differently
        name += "_"
    tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
    graph.initializer.append(tensor)
    constants[name] = tensor
    return name
