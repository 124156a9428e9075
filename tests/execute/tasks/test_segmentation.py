"""Segmentation pools pixels."""

import numpy as np
import pytest
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT


def test_segmentation_pools_pixels_even_where_late_images_hold_more_classes(graph, executing, value):
    generator = np.random.default_rng(4)
    for name, noise in (("base.onnx", 0.0), ("quantized.onnx", 0.4)):
        w = (np.eye(4) + noise * generator.normal(size=(4, 4))).astype(np.float32)[:, :, None, None]
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        graph(name, nodes, [("x", FLOAT, ["n", 4, 6, 6])], [("y", FLOAT, ["n", 4, 6, 6])], w=w)
    truth = np.concatenate([generator.integers(0, 2, (40, 6, 6)), generator.integers(0, 4, (40, 6, 6))])
    x = (np.eye(4)[truth].transpose(0, 3, 1, 2) + generator.normal(0, 0.6, (80, 4, 6, 6))).astype(np.float32)
    executed = executing("segmentation", "miou", {"x": x, "y": truth}, data="inputs { x: x }\n  label: y")
    predicted = x.argmax(1)
    overlaps = [
        ((predicted == c) & (truth == c)).sum() / ((predicted == c) | (truth == c)).sum() for c in range(4)
    ]
    assert value(executed, "miou")[0] == pytest.approx(np.mean(overlaps), rel=1e-5)
    assert int(executed.verdicts.results[0].changed.value) > 0


def test_maps_are_held_against_each_other_pixel_by_pixel(graph, executing):
    generator = np.random.default_rng(4)
    weights = []
    for name, noise in (("base.onnx", 0.0), ("quantized.onnx", 0.2)):
        w = (np.eye(4) + noise * generator.normal(size=(4, 4))).astype(np.float32)
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        port = ("n", 4, 6, 6)
        graph(name, nodes, [("x", FLOAT, port)], [("y", FLOAT, port)], w=w[:, :, None, None])
        weights.append(w)
    truth = generator.integers(0, 4, (60, 6, 6))
    truth[:, :2] = 255
    x = generator.normal(size=(60, 4, 6, 6)).astype(np.float32)
    data = "inputs { x: x }\n  label: y"
    executed = executing("segmentation", "miou(ignore: 255)", {"x": x, "y": truth}, data=data)
    first, second = (np.einsum("oc,ncij->noij", w, x).argmax(1)[:, 2:] for w in weights)
    seen = executed.record.evaluations["evaluation"]["collapse"]
    assert seen["agreement"] == np.mean(first == second) > 0.7
    assert (first == second).all(axis=(1, 2)).mean() < 0.1
    assert not seen["suspicions"]
