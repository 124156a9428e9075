"""Mean average precision of detected objects, as the COCO evaluation defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Availability, Family, Metric, whole
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray
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


def _average_precision(score: FloatArray, hit: Array, ignored: Array, objects: int) -> FloatArray:
    """(levels,) precision averaged over 101 levels of recall."""
    import numpy as np

    order = np.argsort(-score, kind="mergesort")
    averages = np.empty(len(hit))
    for level in range(len(hit)):
        counted = order[~ignored[level, order]]
        right = np.cumsum(hit[level, counted])
        recall, precision = right / objects, right / np.arange(1, len(right) + 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(recall, np.linspace(0, 1, RECALL_LEVELS), side="left")
        averages[level] = np.append(precision, 0.0)[np.minimum(places, len(precision))].mean()
    return averages


@whole(
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
        availability=Availability.SCORES,
        aliases=("mean-average-precision",),
    )
)
def mean_average_precision(predictions: Predictions, parameters: Parameters) -> float:
    """Average precision over classes and overlaps, as COCO defines it (Lin et al., ECCV 2014): 101 levels of
    recall, at most 100 detections of a class an image, crowds ignored, objects of every size.
    """
    import numpy as np

    span = parameters["iou"]
    if not isinstance(span, tuple) or not 0 < span[0] <= span[1] <= 1:
        raise QSpecError(f"The overlaps of map must lie between 0 and 1; they are {span}.")
    levels = np.linspace(span[0], span[1], round((span[1] - span[0]) / 0.05) + 1)
    images = list(zip(predictions.texts("detections"), predictions.texts("objects"), strict=True))
    true = np.concatenate([objects for _, objects in images]) if images else np.empty((0, 6))
    averages = []
    for cls in np.unique(true[true[:, 5] == 0, 4]):
        scores, hits, ignored = [], [], []
        for detections, objects in images:
            detected = detections[detections[:, 5] == cls]
            detected = detected[np.argsort(-detected[:, 4], kind="mergesort")][:DETECTIONS_AN_IMAGE]
            hit, skip = _match(detected, objects[objects[:, 4] == cls], levels)
            scores.append(detected[:, 4])
            hits.append(hit)
            ignored.append(skip)
        counted = int(((true[:, 4] == cls) & (true[:, 5] == 0)).sum())
        averages.append(
            _average_precision(
                np.concatenate(scores), np.concatenate(hits, axis=1), np.concatenate(ignored, axis=1), counted
            )
        )
    return float(np.mean(averages)) if averages else float("nan")
