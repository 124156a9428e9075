"""Rewriting Gemm to MatMul and Add: quantizers of matrix products pass over a Gemm in silence."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from onnx import GraphProto, NodeProto, helper

from qspec.errors import QSpecError
from qspec.quantize.prepare import drop_unused_initializers, replace_nodes
from qspec.quantize.sharing import Constants


def gemm_to_matmul(graph: GraphProto, names: Collection[str], *, others: bool = False) -> list[str]:
    """Rewrite the Gemm nodes called `names` as MatMul and Add, and return the names of all those rewritten.

    With `others`, every other Gemm that can be is rewritten too: the runtime's dynamic quantizer rewrites them
    itself otherwise, under new names that its list of excluded nodes then misses.

    The product keeps the Gemm's name; a transposed weight is stored anew as `WEIGHT_transposed`, a scaled one
    as `WEIGHT_scaled`. Raises
    `QSpecError` for a Gemm among `names` that has another form, such as a transposed input.
    """
    constants = Constants(graph)
    nodes: list[NodeProto] = []
    rewritten: list[str] = []
    for node in graph.node:
        if node.op_type == "Gemm" and (node.name in names or (others and _fault(node, constants) is None)):
            nodes += _rewrite(node, constants)
            rewritten.append(node.name)
        else:
            nodes.append(node)
    if rewritten:
        replace_nodes(graph, nodes)
        drop_unused_initializers(graph)
    return rewritten


def plain_gemms(graph: GraphProto) -> None:
    """Bring every Gemm to alpha = beta = 1 and a bias of one value an output, as far as its operands are constant.

    The runtime's quantizers take that form for granted: they scale a bias by input and weight alone, one axis of it.
    A Gemm whose bias differs from row to row becomes a MatMul and an Add.
    """
    constants = Constants(graph)
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type != "Gemm" or node.input[1] not in constants.tensors:
            nodes.append(node)
            continue
        _fold_factors(node, constants)
        fits = _flatten_bias(node, constants) or _fault(node, constants) is not None
        nodes += [node] if fits else _rewrite(node, constants)
    replace_nodes(graph, nodes)
    drop_unused_initializers(graph)


def _fold_factors(node: NodeProto, constants: Constants) -> None:
    """Multiply constant operands of a Gemm by its alpha and beta."""
    for place, factor in ((1, "alpha"), (2, "beta")):
        value = _attribute(node, factor)
        there = len(node.input) > place and bool(node.input[place])
        if value == 1 or (there and node.input[place] not in constants.tensors):
            continue
        if there:
            stored = constants.array(node.input[place])
            scaled = np.multiply(stored, value, dtype=stored.dtype)
            node.input[place] = constants.put(f"{node.input[place]}_scaled", scaled)
        kept = [item for item in node.attribute if item.name != factor]
        del node.attribute[:]
        node.attribute.extend(kept)


def _flatten_bias(node: NodeProto, constants: Constants) -> bool:
    """Bring a constant bias that is the same for all rows to the shape (outputs,); False for one that is not."""
    bias = node.input[2] if len(node.input) > 2 else ""
    if bias not in constants.tensors:
        return True
    outputs = constants.tensors[node.input[1]].dims[0 if _attribute(node, "transB", 0) else 1]
    stored = constants.array(bias)
    if stored.shape[:-1] not in ((), (1,)):
        return False
    if stored.shape != (outputs,):
        flat = np.broadcast_to(stored.reshape(-1), (outputs,))
        node.input[2] = constants.put(f"{bias}_flat", flat)
    return True


def _rewrite(node: NodeProto, constants: Constants) -> list[NodeProto]:
    fault = _fault(node, constants)
    if fault is not None:
        raise QSpecError(
            f"The layer {node.name} is a Gemm that {fault}, and quantized matrix products have no such form.",
            hint="exclude the layer, or export the model with MatMul",
        )
    _fold_factors(node, constants)
    weight = node.input[1]
    if _attribute(node, "transB", 0):
        weight = constants.put(f"{weight}_transposed", constants.array(weight).T)
    if len(node.input) < 3 or not node.input[2]:
        return [helper.make_node("MatMul", [node.input[0], weight], [node.output[0]], name=node.name)]
    product = f"{node.output[0]}_product"
    nodes = [helper.make_node("MatMul", [node.input[0], weight], [product], name=node.name)]
    return [
        *nodes,
        helper.make_node("Add", [product, node.input[2]], [node.output[0]], name=f"{node.name}/Add"),
    ]


def _fault(node: NodeProto, constants: Constants) -> str | None:
    """What keeps a Gemm from being a MatMul and an Add, or None."""
    if _attribute(node, "transA", 0):
        return "transposes its input"
    if node.input[1] not in constants.tensors:
        return "computes its weight"
    if _attribute(node, "beta") != 1 and len(node.input) > 2 and node.input[2] not in constants.tensors:
        return "scales a computed bias"
    return None


def _attribute(node: NodeProto, name: str, default: float = 1.0) -> float:
    found = next((item for item in node.attribute if item.name == name), None)
    return default if found is None else float(found.f or found.i)
