"""ONNX models with accidents in their bytes and in their structure, through the loader, and now and then through `execute`."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from arrays import damaged
from harness import Act, Case
from onnx import TensorProto, helper, numpy_helper

from qspec.quantize.graph import load_model, weighted_layers
from specs import SPEC, columns, linear_model

ROOT = Path(__file__).resolve().parents[2]
NAMES = [
    "", "x", "y", "w", "n", "Relu", "MatMul", "Loop", "If", "Scan", "ConstantOfShape", "com.microsoft", "evil", "ai.onnx.ml",
    "../outside/secret", "/etc/passwd", "w.bin", "*/_ORT_MEM_ADDR_/*", "a" * 4000, "\x1b[31m", "é", "link/secret", ".", "..",
    "location", "offset", "length", "-1", "9" * 30, "F", "G", "batch",
]  # fmt: skip
NUMBERS = [
    0, 1, 2, -1, 3, 7, 11, 16, 17, 21, 23, 64, 1 << 20, 1 << 31, (1 << 31) - 1, -(1 << 31), 1 << 40, (1 << 62) + 1, -(1 << 63),
]  # fmt: skip
node = helper.make_node


@cache
def seeds() -> list[bytes]:
    """Good models: a network, a product of matrices, subgraphs, functions, weights in a file of their own."""
    made = [
        linear_model(),
        *(model.SerializeToString() for model in (_branch(), _function(), _external(), _many())),
    ]
    return [(ROOT / "specs/models/digits-cnn.onnx").read_bytes(), *made]


def _model(
    nodes: list[Any], tensors: list[Any] | None = None, functions: list[Any] | None = None
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        tensors or [],
    )
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=sets, ir_version=8, functions=functions or [])


def _branch() -> onnx.ModelProto:
    def inner(op: str) -> Any:
        return helper.make_graph(
            [node(op, ["x"], ["o"])], op, [], [helper.make_tensor_value_info("o", 1, None)]
        )

    true = numpy_helper.from_array(np.array(True), "c")
    return _model([node("If", ["c"], ["y"], then_branch=inner("Relu"), else_branch=inner("Abs"))], [true])


def _function() -> onnx.ModelProto:
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    inner = helper.make_function("own", "G", ["a"], ["b"], [node("Relu", ["a"], ["b"])], sets)
    outer = helper.make_function("own", "F", ["a"], ["b"], [node("G", ["a"], ["b"], domain="own")], sets)
    return _model([node("F", ["x"], ["y"], domain="own")], functions=[inner, outer])


def _external() -> onnx.ModelProto:
    weight = numpy_helper.from_array(np.zeros((4, 3), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in {"location": "w.bin", "offset": "0", "length": "48"}.items():
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return _model([node("MatMul", ["x", "w"], ["y"])], [weight])


def _many() -> onnx.ModelProto:
    values = ["x", *(f"v{number}" for number in range(20)), "y"]
    constant = numpy_helper.from_array(np.arange(4, dtype=np.float32), "")
    nodes = [node("Constant", [], ["k"], value=constant), node("Add", ["x", "k"], ["v0"])]
    nodes += [
        node("Gemm" if n % 5 == 0 else "Relu", [a] if n % 5 else [a, "w"], [b])
        for n, (a, b) in enumerate(pairwise(values[1:]))
    ]
    return _model(nodes, [numpy_helper.from_array(np.eye(4, dtype=np.float32), "w")])


def messages(message: Any) -> list[Any]:
    """A message and all within it."""
    found, left = [], [message]
    while left:
        one = left.pop()
        found.append(one)
        for field, value in one.ListFields():
            if field.message_type is not None:
                left += list(value) if _repeated(field) else [value]
    return found


def _repeated(field: Any) -> bool:
    return bool(field.is_repeated) if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def spoil(message: Any, rng: random.Random) -> None:
    """One accident in one field of one message."""
    one = rng.choice(messages(message))
    field = rng.choice(list(one.DESCRIPTOR.fields))
    try:
        if not _repeated(field):
            if rng.random() < 0.2:
                one.ClearField(field.name)
            elif field.message_type is not None:
                getattr(one, field.name).SetInParent()
            else:
                setattr(one, field.name, _scalar(field, rng))
            return
        values = getattr(one, field.name)
        kind = rng.randrange(4)
        if kind == 0 and len(values):
            del values[rng.randrange(len(values))]
        elif kind == 1 and len(values):
            copies = [values[rng.randrange(len(values))] for _ in range(rng.choice((1, 1, 50)))]
            values.extend(copies)
        elif field.message_type is not None:
            values.add()
        elif len(values) and kind == 2:
            values[rng.randrange(len(values))] = _scalar(field, rng)
        else:
            values.append(_scalar(field, rng))
    except (ValueError, TypeError, OverflowError):  # a value that this field cannot have
        return


def _scalar(field: Any, rng: random.Random) -> Any:
    if field.cpp_type == field.CPPTYPE_STRING:
        text = rng.choice(NAMES)
        return text.encode() if field.type == field.TYPE_BYTES else text
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return rng.choice([0.0, -1.0, 1e30, float("nan"), float("inf")])
    return rng.choice(NUMBERS)


def load(folder: Path) -> None:
    """Load the model as every command does, and name its layers."""
    model = load_model("m.onnx", folder)
    weighted_layers(model.proto)
    model.with_weights()


def links(folder: Path) -> None:
    """A link out of the folder, and a file that a weight may lie in."""
    (folder / "link").symlink_to(folder.parent / "outside", target_is_directory=True)
    (folder / "w.bin").write_bytes(bytes(48))


def models(rng: random.Random) -> Case:
    """One model; now and then it is executed, in a sandbox, since the runtime itself may not survive it."""
    content = rng.choice(seeds())
    if rng.random() < 0.35:
        content = damaged(content, rng)
    else:
        proto = onnx.ModelProto()
        proto.ParseFromString(content)
        for _ in range(rng.choice((1, 1, 1, 2, 4, 20))):
            spoil(proto, rng)
        content = proto.SerializeToString()
    acts: list[Act] = [load]
    files = {"m.onnx": content}
    if rng.random() < 0.01:
        files |= {"s.qspec": SPEC.encode(), "d.npz": columns()}
        limits = ("--sandbox", "--sandbox-memory", "1", "--sandbox-seconds", "10")
        acts.append(("execute", "s.qspec", "--no-write", "--quiet", *limits))
    return Case(files, acts, links)
