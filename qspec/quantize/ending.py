"""What the outputs of a graph hold: probabilities, where it ends in an operator that makes them, or else scores."""

from __future__ import annotations

from onnx import ModelProto, NodeProto, helper

from qspec.data.nature import Nature

_KEEPS = frozenset(
    {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "QuantizeLinear", "DequantizeLinear"}
)
"""Operators behind which numbers mean what they meant before."""


def ending(proto: ModelProto, output: str) -> Nature:
    """What the numbers of an output are, by the operator that makes them.

    A softmax over another axis than the last makes no probabilities over classes.
    """
    makers = {name: node for node in proto.graph.node for name in node.output}
    node = makers.get(output)
    while node is not None and node.op_type in _KEEPS and node.input:
        node = makers.get(node.input[0])
    if node is None or node.domain not in ("", "ai.onnx"):
        return Nature.SCORES
    if node.op_type == "Sigmoid":
        return Nature.EACH
    return (
        Nature.PROBABILITIES
        if node.op_type == "Softmax" and _over_last(node, proto, output)
        else Nature.SCORES
    )


def _over_last(node: NodeProto, proto: ModelProto, output: str) -> bool:
    """Whether a softmax is over the last axis of its output; of a matrix, the only one it can be over."""
    given = [helper.get_attribute_value(one) for one in node.attribute if one.name == "axis"]
    old = any(one.domain in ("", "ai.onnx") and one.version < 13 for one in proto.opset_import)
    axis = given[0] if given else (1 if old else -1)
    rank = _rank(proto, output)
    return axis == -1 or rank <= 2 or axis == rank - 1


def _rank(proto: ModelProto, output: str) -> int:
    """How many axes an output has; 0 where that is not said."""
    found = next((one for one in proto.graph.output if one.name == output), None)
    return len(found.type.tensor_type.shape.dim) if found is not None else 0
