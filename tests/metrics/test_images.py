"""Segmentation against scikit-learn, detection against the COCO evaluation."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import jaccard_score

from qspec.errors import QSpecError
from qspec.metrics.collected import Collected
from qspec.metrics.predictions import Predictions


def maps(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    true = generator.integers(0, 5, (6, 12, 10))
    predicted = np.where(generator.random(true.shape) < 0.6, true, generator.integers(0, 5, true.shape))
    return predicted, true


def test_miou_agrees_with_scikit_learn(metric):
    predicted, true = maps()
    p = Predictions({"prediction": predicted, "label": true})
    expected = jaccard_score(true.ravel(), predicted.ravel(), average="macro")
    assert metric("miou").compute(p) == pytest.approx(expected)
    assert metric("miou(classes: 9)").compute(p) == pytest.approx(expected)


def test_ignored_pixels_do_not_count(metric):
    predicted, true = maps(1)
    kept = np.random.default_rng(2).random(true.shape) < 0.8
    p = Predictions({"prediction": predicted, "label": np.where(kept, true, 255)})
    expected = jaccard_score(true[kept], predicted[kept], average="macro")
    assert metric("miou(ignore: 255)").compute(p) == pytest.approx(expected)
    with pytest.raises(QSpecError, match="from 0 to 4"):
        metric("miou(classes: 5)").compute(p)


def test_columns_of_blocks_join_although_a_block_lacks_the_last_classes(metric):
    predicted, true = maps(3)
    predicted[0], true[0] = 0, 1
    p, m = Predictions({"prediction": predicted, "label": true}), metric("miou")
    blocks = [m.columns(p.take([0])), m.columns(p.take(range(1, 6)))]
    assert blocks[0].shape[1] < blocks[1].shape[1]
    assert m.score(Collected.of(blocks)) == pytest.approx(m.compute(p))


def scene(seed: int, images: int = 25) -> tuple[list[np.ndarray], list[np.ndarray]]:
    generator = np.random.default_rng(seed)
    detections, objects = [], []
    for _ in range(images):
        count = generator.integers(0, 6)
        corner = np.round(generator.uniform(0, 60, (count, 2)))
        size = np.round(generator.uniform(8, 40, (count, 2)))
        cls = generator.integers(1, 4, count)
        crowd = (generator.random(count) < 0.15).astype(float)
        objects.append(np.column_stack([corner, corner + size, cls, crowd]))
        kept = np.concatenate([np.flatnonzero(generator.random(count) < 0.85)] * 2)
        moved = objects[-1][kept, :4] + np.round(generator.normal(0, 3, (len(kept), 4)))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 2)
        wrong = np.where(generator.random(len(kept)) < 0.15, 2, cls[kept])
        detections.append(np.column_stack([moved, np.round(generator.random(len(kept)), 2), wrong]))
    return detections, objects


def coco(detections: list[np.ndarray], objects: list[np.ndarray]) -> COCOeval:
    def xywh(box: np.ndarray) -> list[float]:
        return [*map(float, box[:2]), *map(float, box[2:4] - box[:2])]

    annotations = [
        {
            "id": 1000 * image + k + 1,
            "image_id": image,
            "category_id": int(row[4]),
            "iscrowd": int(row[5]),
            "bbox": xywh(row),
            "area": float(np.prod(row[2:4] - row[:2])),
        }
        for image, rows in enumerate(objects)
        for k, row in enumerate(rows)
    ]
    results = [
        {"image_id": image, "category_id": int(row[5]), "bbox": xywh(row), "score": float(row[4])}
        for image, rows in enumerate(detections)
        for row in rows
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": i} for i in range(len(objects))],
            "categories": [{"id": c} for c in (1, 2, 3)],
            "annotations": annotations,
        }
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(results), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return run


@pytest.mark.parametrize("seed", range(6))
def test_map_agrees_with_the_coco_evaluation(metric, seed):
    detections, objects = scene(seed)
    p = Predictions({"detections": detections, "objects": objects})
    stats = coco(detections, objects).stats
    assert metric("map(iou: 0.5..0.95)").compute(p) == pytest.approx(stats[0], abs=1e-9)
    assert metric("map(iou: 0.5)").compute(p) == pytest.approx(stats[1], abs=1e-9)
    assert metric("map(0.75)").compute(p) == pytest.approx(stats[2], abs=1e-9)


def test_map_of_the_truth_is_one_and_of_nothing_is_zero(metric):
    _, objects = scene(7)
    solid = [rows[rows[:, 5] == 0] for rows in objects]
    perfect = [np.column_stack([rows[:, :4], np.full(len(rows), 0.9), rows[:, 4]]) for rows in solid]
    assert metric("map(0.5)").compute(Predictions({"detections": perfect, "objects": solid})) == 1
    empty = [np.empty((0, 6))] * len(solid)
    assert metric("map(0.5)").compute(Predictions({"detections": empty, "objects": solid})) == 0
    with pytest.raises(QSpecError, match="undefined"):
        metric("map(0.5)").compute(Predictions({"detections": perfect, "objects": empty}))


def test_map_of_blocks_of_images_is_that_of_all_of_them(metric):
    detections, objects = scene(8)
    m = metric("map(0.5..0.95)")
    blocks = [
        m.columns(Predictions({"detections": detections[rows], "objects": objects[rows]}))
        for rows in (slice(0, 3), slice(3, None))
    ]
    whole = m.compute(Predictions({"detections": detections, "objects": objects}))
    assert m.score(Collected.of(blocks)) == whole
    p = Predictions({"detections": detections, "objects": objects})
    assert metric("map(0.5)").compute(p.take([0, 0, 1, 2])) >= 0
    with pytest.raises(QSpecError, match="between 0 and 1"):
        metric("map(iou: 2)").compute(p)
