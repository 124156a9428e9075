"""Attention masks: additions of huge negative numbers, whose range leaves no level for what they are added to."""

from __future__ import annotations

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, numpy_helper

_ELEMENTWISE = frozenset({"Add", "Sub", "Mul", "Div", "Where"})
_MASKING = frozenset({"Add", "Sub", "Where"})

LEAST = 1e3
"""Magnitude from which a stored addend counts as a mask; exporters write 1e4 or more, and biases stay far below."""


def masked_softmaxes(graph: GraphProto) -> list[str]:
    """Names of the Softmax nodes whose input is masked, and of the elementwise nodes that lead there.

    Scores quantized together with a mask of -1e4 or less all become zero, so these nodes must stay in floats. What is
    chosen by a condition, or added and computed from the inputs, may be a mask; a stored addend is one where it holds
    such numbers, and a bias otherwise.
    """
    stored = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    found: list[str] = []
    for node in graph.node:
        if node.op_type == "Softmax":
            chain = _before(node, makers)
            if any(_masks(one, stored) for one in chain):
                found += [*(one.name for one in chain), node.name]
    return list(dict.fromkeys(found))


def _masks(node: NodeProto, stored: dict[str, TensorProto]) -> bool:
    if node.op_type not in _MASKING:
        return False
    addends = [numpy_helper.to_array(stored[name]) for name in node.input if name in stored]
    if node.op_type == "Where" or not addends:
        return True
    return any(float(np.abs(addend).max(initial=0)) >= LEAST for addend in addends)


def _before(node: NodeProto, makers: dict[str, NodeProto]) -> list[NodeProto]:
    """The elementwise nodes between `node` and the products before it."""
    chain: list[NodeProto] = []
    waiting = list(node.input)
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is not None and maker.op_type in _ELEMENTWISE and maker not in chain:
            chain.append(maker)
            waiting += list(maker.input)
    return chain
