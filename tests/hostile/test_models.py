"""Models that lie about their sizes, run in circles, or are made to exhaust whoever reads them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from .conftest import GIB, MIB, linear_model, save_model, weight

node = helper.make_node


def sized(*dims: int, data: bytes = bytes(48)) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, raw_data=data)
    tensor.dims.extend(dims)
    return tensor


def nested(depth: int):
    def graph(nodes, output):
        return helper.make_graph(nodes, "inner", [], [helper.make_tensor_value_info(output, 1, None)])

    inner = graph([node("Identity", ["x"], ["o0"])], "o0")
    for level in range(depth):
        other = graph([node("Identity", ["x"], ["other"])], "other")
        branch = node("If", ["c"], [f"o{level + 1}"], then_branch=inner, else_branch=other)
        inner = graph([branch], f"o{level + 1}")
    return inner.node[0]


def too_deep(levels: int) -> bytes:
    """A model whose one node holds a graph whose one node holds a graph …, in protobuf's own bytes."""

    def field(number: int, data: bytes) -> bytes:
        size, length = len(data), bytearray()
        while True:
            size, low = size >> 7, size & 0x7F
            length.append(low | (0x80 if size else 0))
            if not size:
                return bytes([number << 3 | 2, *length]) + data

    data = b""
    for _ in range(levels):
        data = field(1, field(5, field(6, data)))
    return field(7, data)


def function(name: str, *calls: str):
    values = ["a", *(f"v{n}" for n in range(len(calls) - 1)), "b"]
    nodes = [node(call, [values[n]], [values[n + 1]], domain="own") for n, call in enumerate(calls)]
    nodes = nodes or [node("Relu", ["a"], ["b"])]
    return helper.make_function(
        "own", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    )


TRUE = numpy_helper.from_array(np.array(True), "c")
MATMUL = node("MatMul", ["x", "w"], ["y"])


def misspelt(path):
    """A model with a node whose name is no UTF-8."""
    save_model(path, [node("MatMul", ["x", "w"], ["y"], name="product")], [sized(4, 3)])
    path.write_bytes(path.read_bytes().replace(b"product", b"produc\xff"))


CASES = {
    "a name that is no text": (misspelt, "a name that is not UTF-8"),
    "a weight larger than the file may be": (
        lambda path: save_model(path, [MATMUL], [sized(1 << 40, 1 << 22)]),
        "over the cap file-bytes",
    ),
    "a weight with fewer bytes than it says": (
        lambda path: save_model(path, [MATMUL], [sized(100_000, 10)]),
        "declares 4,000,000 bytes for the weight 'w' and holds 48",
    ),
    "a weight of no bytes at all": (
        lambda path: save_model(path, [MATMUL], [TensorProto(name="w", data_type=1, dims=[100_000, 10_000])]),
        "declares 1,000,000,000 values for the weight 'w' and holds fewer",
    ),
    "a negative size": (
        lambda path: save_model(path, [MATMUL], [sized(-4, 3)]),
        "a negative size",
    ),
    "an input of more than there is": (
        lambda path: save_model(path, [node("Relu", ["x"], ["y"])], shape=(1 << 62, 1 << 40)),
        "over the cap decompressed-bytes",
    ),
    "a cycle": (
        lambda path: save_model(path, [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])]),
        "wait for each other in a circle",
    ),
    "a cycle behind a weight": (
        lambda path: save_model(
            path,
            [node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["a"])],
            [weight()],
        ),
        "makes the value 'a' twice",
    ),
    "more nodes than any model has": (
        lambda path: save_model(path, [node("Relu", ["x"], ["y"])] * 300_000),
        "over the cap nodes of 200,000",
    ),
    "subgraphs without end": (
        lambda path: save_model(path, [nested(30)], [TRUE]),
        "over the cap nesting of 24",
    ),
    "subgraphs deeper than a message may be": (
        lambda path: path.write_bytes(too_deep(200)),
        "not a complete ONNX model",
    ),
    "a function that calls itself": (
        lambda path: save_model(
            path, [node("F", ["x"], ["y"], domain="own")], functions=[function("F", "F")], domains=("own",)
        ),
        "the function F, which calls itself",
    ),
    "functions that double twenty times": (
        lambda path: save_model(
            path,
            [node("F0", ["x"], ["y"], domain="own")],
            functions=[*(function(f"F{n}", f"F{n + 1}", f"F{n + 1}") for n in range(20)), function("F20")],
            domains=("own",),
        ),
        "over the cap nodes",
    ),
    "an operator from a library": (
        lambda path: save_model(path, [node("Evil", ["x"], ["y"], domain="evil")], domains=("evil",)),
        "a library of custom operators, and none is loaded",
    ),
    "an operator from a library, deep inside": (
        lambda path: save_model(
            path,
            [node("F", ["x"], ["y"], domain="own")],
            functions=[
                helper.make_function(
                    "own",
                    "F",
                    ["a"],
                    ["b"],
                    [node("Evil", ["a"], ["b"], domain="evil")],
                    [helper.make_opsetid("", 17)],
                )
            ],
            domains=("own", "evil"),
        ),
        "a library of custom operators, and none is loaded",
    ),
    "an offset past the end": (
        lambda path: linear_model(path, weight(location="w.bin", offset="999", length="48")),
        "48 bytes from byte 999 of w.bin, which has 48",
    ),
    "an absurd offset": (
        lambda path: linear_model(path, weight(location="w.bin", offset=str(1 << 63), length="48")),
        "as the offset of the external weight",
    ),
    "a negative offset": (
        lambda path: linear_model(path, weight(location="w.bin", offset="-8", length="48")),
        "'-8' as the offset",
    ),
    "an absurd length": (
        lambda path: linear_model(path, weight(location="w.bin", length=str(1 << 50))),
        "of w.bin, which has 48",
    ),
    "a length that is no number": (
        lambda path: linear_model(path, weight(location="w.bin", length="1e9")),
        "'1e9' as the length",
    ),
    "memory in place of a file": (
        lambda path: linear_model(path, weight(location="*/_ORT_MEM_ADDR_/*", offset="4096", length="48")),
        "does not exist",
    ),
    "a folder in place of a file": (
        lambda path: linear_model(path, weight(location=".", length="48")),
        "not a regular file",
    ),
    "a constant that would fill memory": (
        lambda path: save_model(
            path,
            [
                node("ConstantOfShape", ["s"], ["c"]),
                node("ReduceSum", ["c"], ["r"], keepdims=0),
                node("Add", ["x", "r"], ["y"]),
            ],
            [numpy_helper.from_array(np.array([1 << 40], np.int64), "s")],
        ),
        "m.onnx",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_model_is_a_sentence(name, work, spec, attack):
    make, pattern = CASES[name]
    path = spec()
    make(work / "m.onnx")
    (work / "w.bin").write_bytes(bytes(48))
    done = attack("execute", path, memory=3 * GIB)
    done.refused(pattern)
    assert done.peak < 1500 * MIB


def test_fifteen_thousand_nodes_run(work, spec, attack):
    names = ["x", *(f"v{number}" for number in range(15_000)), "y"]
    path = spec()
    save_model(work / "m.onnx", [node("Relu", [a], [b]) for a, b in pairwise(names)])
    done = attack("execute", path, "--no-write", seconds=30)
    assert done.code in {0, 1, 3}, done


def test_a_good_model_runs(spec, attack):
    assert attack("execute", spec()).code == 0
