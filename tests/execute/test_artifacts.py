"""What an artifact is kept under: everything that determined it, the calibration data foremost."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from qspec.execute import realize


@pytest.fixture
def product(graph):
    w = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="/head/MatMul")]
    graph("base.onnx", nodes, [("x", TensorProto.FLOAT, ["n", 4])], [("y", TensorProto.FLOAT, ["n", 3])], w=w)


def run(executing, scale: float):
    generator = np.random.default_rng(1)
    x = generator.normal(size=(96, 4)).astype(np.float32)
    x[:32] *= np.float32(scale)
    columns = {"x": x, "y": generator.integers(0, 3, 96)}
    data = "inputs { x: x }\n  label: y\n  splits { tune: 0..32, test: 32..96 }"
    return executing("image-classification", "top1", columns, data=data, split="d.test", derived=True)


def made(folder: Path) -> int:
    return len(list((folder / "store").rglob("realized.json")))


def test_other_calibration_data_make_another_artifact(product, executing, tmp_path):
    first = run(executing, 1).record.quantized
    again = run(executing, 1).record.quantized
    assert made(tmp_path) == 1 and again.sha256 == first.sha256
    other = run(executing, 5).record.quantized
    assert made(tmp_path) == 2 and other.sha256 != first.sha256
    assert other.arguments["calibration_sha256"] != first.arguments["calibration_sha256"]


def test_an_artifact_of_an_earlier_edition_of_the_schemes_is_made_anew(
    product, executing, tmp_path, monkeypatch
):
    run(executing, 1)
    monkeypatch.setattr(realize, "EDITION", realize.EDITION + 1)
    run(executing, 1)
    assert made(tmp_path) == 2
