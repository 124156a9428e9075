"""Mean average precision of detected objects, as the COCO evaluation defines it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, scored
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray, IntArray
    from qspec.metrics.predictions import Predictions

DETECTIONS_AN_IMAGE = 100
RECALL_LEVELS = 101


def overlap(detected: FloatArray, true: FloatArray, crowd: Array) -> FloatArray:
    """(d, g) intersections over unions of boxes (…, 4) given by corners; over the detection's area for crowds."""
    import numpy as np

    low = np.maximum(detected[:, None, :2], true[None, :, :2])
    high = np.minimum(detected[:, None, 2:4], true[None, :, 2:4])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    own, other = ((b[:, 2:4] - b[:, :2]).prod(axis=1) for b in (detected, true))
    union = np.where(crowd[None, :], own[:, None], own[:, None] + other[None, :] - shared)
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0)


def _match(detected: FloatArray, true: FloatArray, levels: FloatArray) -> tuple[Array, Array]:
    """Hits and ignored detections, each (levels, d), of one class in one image, best score first.

    A detection takes the free object it overlaps most; one that only meets a crowd is not counted at all.
    """
    import numpy as np

    hit = np.zeros((len(levels), len(detected)), dtype=np.bool_)
    ignored = np.zeros_like(hit)
    if not len(true):
        return hit, ignored
    crowd = true[:, 5] > 0
    overlaps = overlap(detected, true, crowd)
    free = np.repeat(~crowd[None, :], len(levels), axis=0)
    rows = np.arange(len(levels))
    for index in range(len(detected)):
        enough = overlaps[index][None, :] >= np.minimum(levels, 1 - 1e-10)[:, None]
        candidates = np.where(enough & free, overlaps[index], -1.0)
        # Of equal overlaps the last object counts, as in the reference implementation.
        chosen = candidates.shape[1] - 1 - np.argmax(candidates[:, ::-1], axis=1)
        found = candidates[rows, chosen] >= 0
        hit[found, index] = True
        free[rows[found], chosen[found]] = False
        ignored[:, index] = ~found & (enough & crowd).any(axis=1)
    return hit, ignored


@dataclass(frozen=True)
class Matches:
    """The detections of one class in n images, best score first, matched with its objects at every overlap."""

    image: IntArray
    """(d,) the image of each detection."""
    hit: Array
    """(levels, d) whether it found an object."""
    counted: Array
    """(levels, d) whether it counts: not where it only meets a crowd."""
    objects: FloatArray
    """(n,) objects in each image, crowds left out."""


def pack(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """(n, c): numbers of detections and objects of an image, then the boxes of both, zeros behind them."""
    import numpy as np

    pairs = list(zip(predictions.texts("detections"), predictions.texts("objects"), strict=True))
    width = max((len(d) + len(o) for d, o in pairs), default=0)
    columns = np.zeros((len(pairs), 2 + 6 * width))
    for row, (detections, objects) in zip(columns, pairs, strict=True):
        boxes = np.concatenate([detections.ravel(), objects.ravel()])
        row[:2], row[2 : 2 + boxes.size] = (len(detections), len(objects)), boxes
    return columns


def matches(columns: FloatArray, parameters: Parameters) -> list[Matches]:
    """The matches of every class that occurs among the objects, out of packed images (n, c)."""
    import numpy as np

    span = parameters["iou"]
    if not isinstance(span, tuple) or not 0 < span[0] <= span[1] <= 1:
        raise QSpecError(f"The overlaps of map must lie between 0 and 1; they are {span}.")
    levels = np.linspace(span[0], span[1], round((span[1] - span[0]) / 0.05) + 1)
    images = [_unpacked(row) for row in columns]
    true = np.concatenate([objects for _, objects in images]) if images else np.empty((0, 6))
    return [_matches_of(cls, images, levels) for cls in np.unique(true[true[:, 5] == 0, 4])]


def _unpacked(row: FloatArray) -> tuple[FloatArray, FloatArray]:
    detections, objects = 6 * int(row[0]), 6 * int(row[1])
    boxes = row[2 : 2 + detections + objects]
    return boxes[:detections].reshape(-1, 6), boxes[detections:].reshape(-1, 6)


def _matches_of(cls: float, images: list[tuple[FloatArray, FloatArray]], levels: FloatArray) -> Matches:
    import numpy as np

    scores, places, hits, ignored = [], [], [], []
    counts = np.zeros(len(images))
    for place, (detections, objects) in enumerate(images):
        detected = detections[detections[:, 5] == cls]
        detected = detected[np.argsort(-detected[:, 4], kind="mergesort")][:DETECTIONS_AN_IMAGE]
        true = objects[objects[:, 4] == cls]
        hit, skip = _match(detected, true, levels)
        scores.append(detected[:, 4])
        places.append(np.full(len(detected), place))
        hits.append(hit)
        ignored.append(skip)
        counts[place] = (true[:, 5] == 0).sum()
    order = np.argsort(-np.concatenate(scores), kind="mergesort")
    joined = np.concatenate(hits, axis=1)[:, order], ~np.concatenate(ignored, axis=1)[:, order]
    return Matches(np.concatenate(places).astype(np.int64)[order], *joined, counts)


def average(found: list[Matches], weights: FloatArray) -> float:
    """Mean over classes and overlaps of the average precision, each image counted `weights` (n,) times.

    NaN where no image that counts holds an object.
    """
    import numpy as np

    averages = [
        _average_precision(one, weights[one.image], objects).mean()
        for one in found
        if (objects := float(weights @ one.objects)) > 0
    ]
    return float(np.mean(averages)) if averages else float("nan")


def _average_precision(found: Matches, weight: FloatArray, objects: float) -> FloatArray:
    """(levels,) precision averaged over 101 levels of recall."""
    import numpy as np

    averages = np.empty(len(found.hit))
    for level in range(len(found.hit)):
        counted = found.counted[level] & (weight > 0)
        drawn = weight[counted]
        right = np.cumsum(found.hit[level, counted] * drawn)
        recall, precision = right / objects, right / np.cumsum(drawn)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(recall, np.linspace(0, 1, RECALL_LEVELS), side="left")
        averages[level] = np.append(precision, 0.0)[np.minimum(places, len(precision))].mean()
    return averages


@scored(
    Metric(
        "map",
        "Mean average precision",
        Family.DETECTION,
        needs=("detections", "objects"),
        parameters=(
            Parameter(
                "iou",
                Kind.SPAN,
                "overlap that counts as found: 0.5, or 0.5..0.95 for the mean over steps of 0.05",
                required=True,
            ),
        ),
        tasks=frozenset({"object-detection"}),
        aliases=("mean-average-precision",),
    ),
    pack,
)
def mean_average_precision(columns: FloatArray, parameters: Parameters) -> float:
    """Average precision over classes and overlaps, as COCO defines it (Lin et al., ECCV 2014): 101 levels of
    recall, at most 100 detections of a class an image, crowds ignored, objects of every size.
    """
    import numpy as np

    return average(matches(columns, parameters), np.ones(len(columns)))
