"""Getting a graph ready to quantize: constants as initializers, every node named, batch norms folded, shapes known.

The runtime's own pre-processing renames layers as it fuses them, so that patterns written against the exported
model no longer match; these rewrites keep every name.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper

from qspec.quantize.graph import check_rewritable, every_graph

_CONSTANTS_IR = 4
"""The version of the format from which initializers need not be inputs."""


def prepare(proto: ModelProto) -> ModelProto:
    """A copy of `proto`, ready to quantize; the results it computes differ by float rounding at most.

    Steps: initializers are inputs no longer, Constant nodes become initializers, nodes without a name get one that
    their place determines, batch normalizations are folded into the convolutions before them, value shapes are
    inferred. Raises `LimitError` for a model that is too large to be rewritten as one message.
    """
    check_rewritable(proto.ByteSize())
    ready = ModelProto()
    ready.CopyFrom(proto)
    inputs_to_constants(ready)
    constants_to_initializers(ready.graph)
    name_nodes(ready.graph)
    fold_batch_norms(ready.graph)
    inferred: ModelProto = onnx.shape_inference.infer_shapes(ready, data_prop=True)
    return inferred


def name_nodes(graph: GraphProto) -> None:
    """Name the nodes that have no name, or one that an earlier node has, after their operator and place.

    Nodes of the graphs inside come after those around them, so that what they are called changes no name outside.
    """
    graphs = list(every_graph(graph))
    taken = {node.name for one in graphs for node in one.node}
    seen: set[str] = set()
    for one in graphs:
        for place, node in enumerate(one.node):
            if not node.name or node.name in seen:
                name = f"{node.op_type}_{place}"
                while name in taken:
                    name += "_"
                node.name = name
                taken.add(name)
            seen.add(node.name)


def inputs_to_constants(model: ModelProto) -> None:
    """Take initializers out of the inputs: nothing is fed to them, and an input without its initializer must be fed.

    Exporters listed them there until version 4 of the format, which no longer asks for it.
    """
    held = {tensor.name for tensor in model.graph.initializer}
    fed = [value for value in model.graph.input if value.name not in held]
    if len(fed) < len(model.graph.input):
        del model.graph.input[:]
        model.graph.input.extend(fed)
        model.ir_version = max(model.ir_version, _CONSTANTS_IR)


def constants_to_initializers(graph: GraphProto) -> None:
    """Turn Constant nodes that hold a tensor into initializers, which quantizers look for."""
    kept: list[NodeProto] = []
    for node in graph.node:
        value = next((a for a in node.attribute if a.name == "value" and a.HasField("t")), None)
        if node.op_type == "Constant" and value is not None:
            tensor = onnx.TensorProto()
            tensor.CopyFrom(value.t)
            tensor.name = node.output[0]
            graph.initializer.append(tensor)
        else:
            kept.append(node)
    replace_nodes(graph, kept)


def replace_nodes(graph: GraphProto, nodes: list[NodeProto]) -> None:
    """Make `nodes` the nodes of `graph`."""
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def uses(graph: GraphProto) -> Counter[str]:
    """How often each value is read, graph outputs and the graphs inside included."""
    counts: Counter[str] = Counter()
    for one in every_graph(graph):
        counts.update(name for node in one.node for name in node.input)
        counts.update(value.name for value in one.output)
    return counts


def drop_unused_initializers(graph: GraphProto) -> None:
    """Remove initializers that nothing reads, so that they do not count as size."""
    counts = uses(graph)
    kept = [tensor for tensor in graph.initializer if counts[tensor.name]]
    if len(kept) < len(graph.initializer):
        del graph.initializer[:]
        graph.initializer.extend(kept)


def fold_batch_norms(graph: GraphProto) -> None:
    """Fold each BatchNormalization into the Conv before it, where nothing else reads the Conv's output.

    With gamma, beta, mean, variance and epsilon, W' = W * gamma / sqrt(variance + epsilon) for each output channel
    and b' = (b - mean) * gamma / sqrt(variance + epsilon) + beta (Jacob et al., CVPR 2018, section 3.2).
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    counts = uses(graph)
    convolutions = {node.output[0]: node for node in graph.node if node.op_type == "Conv"}
    dropped: set[str] = set()
    for node in graph.node:
        conv = convolutions.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or counts[conv.output[0]] != 1 or len(node.output) != 1:
            continue
        parameters = [*node.input[1:5], *conv.input[1:]]
        if any(name not in constants for name in parameters) or counts[conv.input[1]] != 1:
            continue
        _fold(graph, conv, node, constants)
        dropped.add(node.name)
    replace_nodes(graph, [node for node in graph.node if node.name not in dropped])
    drop_unused_initializers(graph)


def _fold(
    graph: GraphProto, conv: NodeProto, norm: NodeProto, constants: dict[str, onnx.TensorProto]
) -> None:
    gamma, beta, mean, variance = (numpy_helper.to_array(constants[name]) for name in norm.input[1:5])
    weight = numpy_helper.to_array(constants[conv.input[1]])
    epsilon = next((attribute.f for attribute in norm.attribute if attribute.name == "epsilon"), 1e-5)
    factor = gamma / np.sqrt(variance + epsilon)
    bias = numpy_helper.to_array(constants[conv.input[2]]) if len(conv.input) > 2 else np.zeros_like(mean)
    scaled = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
    shifted = (bias - mean) * factor + beta
    constants[conv.input[1]].CopyFrom(numpy_helper.from_array(scaled.astype(weight.dtype), conv.input[1]))
    name = f"{conv.name}.folded_bias"
    graph.initializer.append(numpy_helper.from_array(shifted.astype(weight.dtype), name))
    inputs = [conv.input[0], conv.input[1], name]
    del conv.input[:]
    conv.input.extend(inputs)
    conv.output[0] = norm.output[0]
