"""Attention masks: additions of huge negative numbers, whose range leaves no level for what they are added to."""

from __future__ import annotations

from onnx import GraphProto, NodeProto

_ELEMENTWISE = frozenset({"Add", "Sub", "Mul", "Div", "Where"})
_MASKING = frozenset({"Add", "Sub", "Where"})


def masked_softmaxes(graph: GraphProto) -> list[str]:
    """Names of the Softmax nodes whose input is masked, and of the elementwise nodes that lead there.

    Scores quantized together with a mask of -1e4 or less all become zero, so these nodes must stay in floats.
    """
    makers = {output: node for node in graph.node for output in node.output}
    found: list[str] = []
    for node in graph.node:
        if node.op_type == "Softmax":
            chain = _before(node, makers)
            if any(one.op_type in _MASKING for one in chain):
                found += [*(one.name for one in chain), node.name]
    return list(dict.fromkeys(found))


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
