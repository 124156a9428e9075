"""Detections are scored as the metric scores them."""

import numpy as np
import pytest
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT
INT = TensorProto.INT64


@pytest.mark.parametrize("joined", [False, True])
def test_detections_are_scored_as_the_metric_scores_them(graph, executing, value, joined):
    from qspec.metrics.bind import bind
    from qspec.metrics.predictions import Predictions
    from qspec.model.expression import Term

    generator = np.random.default_rng(16)
    corner = generator.uniform(0, 50, (60, 3, 2))
    boxes = np.concatenate([corner, corner + generator.uniform(5, 20, (60, 3, 2))], 2)
    classes = generator.integers(0, 2, (60, 3))
    classes[::4, 2] = -1  # padding: fewer objects in every fourth image
    objects = np.concatenate([boxes, classes[..., None]], 2)
    scores = generator.random((60, 3, 1))
    x = np.concatenate([boxes, scores, np.maximum(classes, 0)[..., None]], 2).astype(np.float32)
    for name, shift in (("base.onnx", 0.5), ("quantized.onnx", 3.0)):
        moved = np.float32([shift, shift, shift, shift, 0, 0])
        nodes = [helper.make_node("Add", ["x", "moved"], ["all"])]
        outputs = [("all", FLOAT, ["n", 3, 6])]
        held = {"moved": moved}
        if not joined:
            nodes += [
                helper.make_node("Split", ["all", "sizes"], ["boxes", "s", "c"], axis=2),
                helper.make_node("Squeeze", ["s", "last"], ["scores"]),
                helper.make_node("Squeeze", ["c", "last"], ["f"]),
                helper.make_node("Cast", ["f"], ["classes"], to=INT),
            ]
            outputs = [
                ("boxes", FLOAT, ["n", 3, 4]),
                ("scores", FLOAT, ["n", 3]),
                ("classes", INT, ["n", 3]),
            ]
            held |= {"sizes": np.int64([4, 1, 1]), "last": np.int64([2])}
        graph(name, nodes, [("x", FLOAT, ["n", 3, 6])], outputs, **held)
    executed = executing(
        "object-detection",
        "map(iou: 0.5..0.95)",
        {"x": x, "objects": objects},
        data="inputs { x: x }\n  label: objects",
        assertions="  loss(map) <= 90 pp\n  loss(map) <= 1 pp",
    )
    metric = bind(Term(name="map", named={"iou": executed.verdicts.results[0].quantity.named["iou"]}))
    true = [o[o[:, 4] >= 0] for o in objects]
    for side, shift in enumerate((0.5, 3.0)):
        moved = x + np.float32([shift, shift, shift, shift, 0, 0])
        expected = metric.compute(Predictions({"detections": list(moved), "objects": true}))
        assert value(executed, "map")[side] == pytest.approx(expected, rel=1e-5)
    assert [one.outcome.value for one in executed.verdicts.judged] == ["confirmed", "refuted"]
