"""What the outputs of a graph hold is told by the operator that makes them."""

from __future__ import annotations

import pytest
from onnx import ModelProto, TensorProto, helper

from qspec.data.nature import Nature
from qspec.quantize.ending import ending


def graph(
    *ops: str | tuple[str, dict[str, int]], shape: tuple[int | str, ...] = ("n", 3), opset: int = 17
) -> ModelProto:
    names = ["x", *(f"v{i}" for i in range(1, len(ops))), "y"]
    nodes = []
    for place, op in enumerate(ops):
        kind, attributes = (op, {}) if isinstance(op, str) else op
        extra = {"QuantizeLinear": ["s", "z"], "DequantizeLinear": ["s", "z"], "Reshape": ["to"]}.get(
            kind, []
        )
        nodes.append(helper.make_node(kind, [names[place], *extra], [names[place + 1]], **attributes))
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name in ("x", "y")]
    made = helper.make_graph(nodes, "g", ports[:1], ports[1:])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)])


@pytest.mark.parametrize(
    ("ops", "nature"),
    [
        (["Softmax"], Nature.PROBABILITIES),
        (["Softmax", "Identity", ("Cast", {"to": 1}), "Reshape"], Nature.PROBABILITIES),
        (["Softmax", "QuantizeLinear", "DequantizeLinear"], Nature.PROBABILITIES),
        (["Sigmoid"], Nature.EACH),
        (["LogSoftmax"], Nature.SCORES),
        (["Softmax", "Log"], Nature.SCORES),
        (["Softmax", "Relu"], Nature.SCORES),
        (["Identity"], Nature.SCORES),
    ],
)
def test_the_last_operator_tells_what_an_output_holds(ops, nature):
    assert ending(graph(*ops), "y") is nature


@pytest.mark.parametrize(
    ("axis", "opset", "nature"),
    [
        (-1, 17, Nature.PROBABILITIES),
        (2, 17, Nature.PROBABILITIES),
        (1, 17, Nature.SCORES),
        (None, 17, Nature.PROBABILITIES),
        (None, 11, Nature.SCORES),
    ],
)
def test_a_softmax_over_tokens_makes_no_probabilities_over_classes(axis, opset, nature):
    softmax = ("Softmax", {"axis": axis} if axis is not None else {})
    assert ending(graph(softmax, shape=("n", 5, 3), opset=opset), "y") is nature


def test_a_sigmoid_of_several_classes_only_orders_them():
    assert Nature.EACH.over(1) is Nature.PROBABILITIES
    assert Nature.EACH.over(3) is Nature.ORDER
