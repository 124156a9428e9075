"""Moving scale between activations and weights: a product computes the same, and is easier to quantize."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from qspec.quantize.emulate.grids import Floats
from qspec.quantize.observe import Watch
from qspec.quantize.prepare import drop_unused_initializers, replace_nodes, uses

LEAST = 1e-5
"""Smallest scale, and smallest magnitude that a scale is made from."""


@dataclass(frozen=True)
class Shared:
    """One activation and the covered products that read it: they must be scaled alike."""

    value: str
    layers: tuple[str, ...]
    """Names of the products."""


def shared_inputs(model: ModelProto, covered: Collection[str]) -> list[Shared]:
    """The activations that covered products with constant weights read, in graph order."""
    weights = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) == 2}
    readers: dict[str, list[str]] = {}
    for node in model.graph.node:
        product = node.op_type in ("MatMul", "Gemm") and not _attribute(node, "transA")
        if product and node.name in covered and node.input[1] in weights:
            readers.setdefault(node.input[0], []).append(node.name)
    return [Shared(value, tuple(names)) for value, names in readers.items()]


def weights_of(model: ModelProto, shared: Shared) -> list[Floats]:
    """The weights that multiply the activation, each as (inputs, outputs)."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    nodes = {node.name: node for node in model.graph.node}
    found = []
    for name in shared.layers:
        values = numpy_helper.to_array(tensors[nodes[name].input[1]])
        found.append(values.T if _attribute(nodes[name], "transB") else values)
    return found


def magnitudes(watch: Watch, shared: Collection[Shared]) -> dict[str, tuple[Floats, Floats]]:
    """Largest and mean magnitude of each channel of the activations over the calibration data, by value."""
    most: dict[str, Floats] = {}
    sums: dict[str, Floats] = {}
    counts: dict[str, int] = {}
    for arrays in watch.passes([one.value for one in shared]):
        for name, array in arrays.items():
            rows = np.abs(array.reshape(-1, array.shape[-1]))
            most[name] = np.maximum(most.get(name, np.float32(0)), rows.max(axis=0))
            sums[name] = sums.get(name, np.float32(0)) + rows.sum(axis=0)
            counts[name] = counts.get(name, 0) + len(rows)
    return {name: (most[name], sums[name] / np.float32(counts[name])) for name in most}


def divide(model: ModelProto, shared: Shared, scales: Floats) -> str | None:
    """Divide the activation by `scales`, one a channel, and multiply the weights by them.

    The division goes into the layer normalization that makes the activation where nothing else reads it; else it is a
    Mul of its own, whose name is returned.
    """
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes = {node.name: node for node in graph.node}
    for name in shared.layers:
        node = nodes[name]
        column = scales[np.newaxis, :] if _attribute(node, "transB") else scales[:, np.newaxis]
        node.input[1] = _scaled(graph, tensors, node.input[1], column)
    made = None
    maker = next((node for node in graph.node if shared.value in node.output), None)
    if maker is not None and _folds(maker, tensors) and uses(graph)[shared.value] == len(shared.layers):
        for place in range(1, len(maker.input)):
            maker.input[place] = _scaled(graph, tensors, maker.input[place], np.reciprocal(scales))
    else:
        made = _insert(graph, tensors, nodes, shared, np.reciprocal(scales))
    drop_unused_initializers(graph)
    return made


def _folds(maker: NodeProto, tensors: dict[str, TensorProto]) -> bool:
    constant = all(name in tensors and len(tensors[name].dims) == 1 for name in maker.input[1:])
    return maker.op_type == "LayerNormalization" and _attribute(maker, "axis", -1) == -1 and constant


def _scaled(graph: GraphProto, tensors: dict[str, TensorProto], name: str, factors: Floats) -> str:
    """Store a constant times `factors` under a name that begins with its own."""
    values = numpy_helper.to_array(tensors[name])
    target = f"{name}_smoothed"
    while target in tensors:
        target += "_"
    tensor = numpy_helper.from_array((values * factors).astype(values.dtype), target)
    graph.initializer.append(tensor)
    tensors[target] = tensor
    return target


def _insert(
    graph: GraphProto,
    tensors: dict[str, TensorProto],
    nodes: dict[str, NodeProto],
    shared: Shared,
    factors: Floats,
) -> str:
    name, value, constant = (
        f"{shared.layers[0]}/Smooth",
        f"{shared.value}_smoothed",
        f"{shared.value}_factors",
    )
    graph.initializer.append(numpy_helper.from_array(factors, constant))
    for reader in shared.layers:
        nodes[reader].input[0] = value
    first = min(place for place, node in enumerate(graph.node) if node.name in shared.layers)
    every = list(graph.node)
    replace_nodes(
        graph,
        [
            *every[:first],
            helper.make_node("Mul", [shared.value, constant], [value], name=name),
            *every[first:],
        ],
    )
    return name


def _attribute(node: NodeProto, name: str, default: int = 0) -> int:
    return next((int(item.i) for item in node.attribute if item.name == name), default)
