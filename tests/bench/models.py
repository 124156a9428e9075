"""Models of several kinds at random weights, each with one input whose first axis is the batch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from qspec.execute.sessions import Session

VOCABULARY, LENGTH = 256, 32
Made = tuple[list[onnx.NodeProto], dict[str, np.ndarray], onnx.ValueInfoProto, str]
"""Nodes, tensors, the input, and the value that is the output."""
Random = np.random.Generator
node, port = helper.make_node, helper.make_tensor_value_info


def _matrix(random: Random, rows: int, columns: int) -> np.ndarray:
    return random.normal(size=(rows, columns)) / rows**0.5


def perceptron(random: Random, inner: int, width: int, layers: int) -> Made:
    """A multilayer perceptron with ten outputs."""
    nodes, tensors, at = [], {}, "x"
    sizes = [inner, *[width] * layers, 10]
    for i, (rows, columns) in enumerate(pairwise(sizes)):
        tensors[f"w{i}"] = _matrix(random, rows, columns)
        nodes += [node("MatMul", [at, f"w{i}"], [f"m{i}"]), node("Relu", [f"m{i}"], [f"r{i}"])]
        at = f"r{i}"
    return nodes[:-1], tensors, port("x", TensorProto.FLOAT, ["n", inner]), f"m{len(sizes) - 2}"


def convolutional(random: Random, side: int, channels: int) -> Made:
    """Three convolutions, the mean over pixels, and ten classes."""
    tensors = {"head": _matrix(random, 4 * channels, 10)}
    nodes, at, inner = [], "x", 3
    for i in range(3):
        outer = channels << i
        tensors[f"w{i}"] = random.normal(size=(outer, inner, 3, 3)) / (9 * inner) ** 0.5
        nodes += [
            node("Conv", [at, f"w{i}"], [f"c{i}"], pads=[1] * 4, strides=[2, 2] if i else [1, 1]),
            node("Relu", [f"c{i}"], [f"r{i}"]),
        ]
        at, inner = f"r{i}", outer
    nodes += [
        node("GlobalAveragePool", [at], ["pooled"]),
        node("Flatten", ["pooled"], ["flat"]),
        node("MatMul", ["flat", "head"], ["logits"]),
    ]
    return nodes, tensors, port("x", TensorProto.FLOAT, ["n", 3, side, side]), "logits"


def transformer(random: Random, width: int, layers: int, *, causal: bool) -> Made:
    """Blocks of attention and feed-forward parts over tokens: ten classes of a text, or logits after every token."""
    tensors = {"embedding": random.normal(size=(VOCABULARY, width)), "norm": np.ones(width)}
    tensors["mask"] = np.triu(np.full((LENGTH, LENGTH), -1e4), 1)
    nodes, at = [node("Gather", ["embedding", "ids"], ["s0"])], "s0"
    for i in range(layers):
        for name in ("q", "k", "v", "o"):
            tensors[f"{name}{i}"] = _matrix(random, width, width)
        tensors[f"up{i}"], tensors[f"down{i}"] = (
            _matrix(random, width, 4 * width),
            _matrix(random, 4 * width, width),
        )
        nodes += [
            node("LayerNormalization", [at, "norm"], [f"n{i}"]),
            *(node("MatMul", [f"n{i}", f"{name}{i}"], [f"{name}_{i}"]) for name in ("q", "k", "v")),
            node("Transpose", [f"k_{i}"], [f"kt{i}"], perm=[0, 2, 1]),
            node("MatMul", [f"q_{i}", f"kt{i}"], [f"a{i}"]),
            node("Add", [f"a{i}", "mask"], [f"b{i}"]) if causal else node("Identity", [f"a{i}"], [f"b{i}"]),
            node("Softmax", [f"b{i}"], [f"p{i}"], axis=-1),
            node("MatMul", [f"p{i}", f"v_{i}"], [f"z{i}"]),
            node("MatMul", [f"z{i}", f"o{i}"], [f"y{i}"]),
            node("Add", [at, f"y{i}"], [f"t{i}"]),
            node("LayerNormalization", [f"t{i}", "norm"], [f"u{i}"]),
            node("MatMul", [f"u{i}", f"up{i}"], [f"h{i}"]),
            node("Relu", [f"h{i}"], [f"g{i}"]),
            node("MatMul", [f"g{i}", f"down{i}"], [f"d{i}"]),
            node("Add", [f"t{i}", f"d{i}"], [f"s{i + 1}"]),
        ]
        at = f"s{i + 1}"
    if not causal:
        nodes.append(node("ReduceMean", [at], ["pooled"], axes=[1], keepdims=0))
        at = "pooled"
    tensors["head"] = _matrix(random, width, VOCABULARY if causal else 10)
    nodes.append(node("MatMul", [at, "head"], ["logits"]))
    return nodes, tensors, port("ids", TensorProto.INT64, ["n", LENGTH]), "logits"


BUILDERS: dict[str, Callable[[Random], Made]] = {
    "small perceptron": lambda random: perceptron(random, 64, 16, 2),
    "medium perceptron": lambda random: perceptron(random, 256, 256, 4),
    "large perceptron": lambda random: perceptron(random, 1024, 1024, 6),
    "convolutional": lambda random: convolutional(random, 32, 16),
    "encoder": lambda random: transformer(random, 64, 2, causal=False),
    "decoder": lambda random: transformer(random, 64, 2, causal=True),
}


def save(path: Path, kind: str, seed: int) -> None:
    """Write a model of a kind."""
    nodes, tensors, taken, given = BUILDERS[kind](np.random.default_rng(seed))
    held = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "g", [taken], [helper.make_empty_tensor_value_info(given)], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), str(path))


def examples(session: Session, rows: int) -> np.ndarray:
    """Random examples for a model."""
    (taken,) = session.inputs
    random = np.random.default_rng(0)
    shape = (rows, *taken.shape[1:])
    if taken.dtype == "int64":
        return random.integers(0, VOCABULARY, shape)
    return random.normal(size=shape).astype(np.float32)
