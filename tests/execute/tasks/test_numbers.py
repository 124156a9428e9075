"""Regression and super-resolution compare numbers."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.errors import QSpecError

FLOAT = TensorProto.FLOAT


def test_regression_compares_numbers_and_says_where_shapes_differ(linear_pair, executing, value):
    weights = linear_pair(1)
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(60, 4)).astype(np.float32), generator.normal(size=60).astype(np.float32)
    executed = executing("regression", "mae, mse", {"x": x, "y": y}, data="inputs { x: x }\n  label: y")
    for side, w in enumerate(weights):
        assert value(executed, "mae")[side] == pytest.approx(np.abs((x @ w)[:, 0] - y).mean(), rel=1e-5)
    assert all(result.changed is None for result in executed.verdicts.results)
    with pytest.raises(QSpecError, match="gives \\[1\\] numbers an example"):
        executing("regression", "mae", {"x": x, "y": np.stack([y, y], 1)}, data="inputs { x: x }\n  label: y")


def test_super_resolution_scores_images(graph, executing, value):
    generator = np.random.default_rng(3)
    for name, scale in (("base.onnx", 0.9), ("quantized.onnx", 0.8)):
        nodes = [helper.make_node("Mul", ["x", "s"], ["y"])]
        shape = ["n", 1, 4, 4]
        graph(name, nodes, [("x", FLOAT, shape)], [("y", FLOAT, shape)], s=np.float32([scale]))
    x = generator.random((30, 1, 4, 4)).astype(np.float32)
    executed = executing(
        "super-resolution", "psnr(peak: 1)", {"x": x, "y": x}, data="inputs { x: x }\n  label: y"
    )
    expected = (-10 * np.log10(((0.1 * x.astype(float)) ** 2).reshape(30, -1).mean(1))).mean()
    assert value(executed, "psnr")[0] == pytest.approx(expected, rel=1e-4)
