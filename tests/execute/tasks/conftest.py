"""Pairs of tiny models that tasks are run on."""

import numpy as np
import pytest
from onnx import TensorProto, helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


@pytest.fixture
def linear_pair(graph):
    """Two linear models of x (n, 4) with so many outputs; returns their weights."""

    def build(outer, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(4, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
            graph(name, nodes, [("x", FLOAT, ["n", 4])], [("y", FLOAT, ["n", outer])], w=w)
        return first, second

    return build


@pytest.fixture
def token_pair(graph):
    """Two models of token numbers: logits (n, length, outer) looked up in a table each; returns the tables."""

    def build(vocabulary=12, outer=12, mask=False, noise=0.3, seed=0):
        generator = np.random.default_rng(seed)
        first = generator.normal(size=(vocabulary, outer)).astype(np.float32)
        second = (first + noise * generator.normal(size=first.shape)).astype(np.float32)
        for name, w in (("base.onnx", first), ("quantized.onnx", second)):
            nodes = [helper.make_node("Gather", ["w", "ids"], ["logits"])]
            graph(name, nodes, [("ids", INT, ["n", "l"])], [("logits", FLOAT, ["n", "l", outer])], w=w)
        return first, second

    return build
