"""Mean intersection over union of class maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, additive, divide
from qspec.metrics.fields import must_fit
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions


def _mean_over_union(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    import numpy as np

    both, predicted, true = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    union = predicted + true - both
    return divide(np.nan_to_num(divide(both, union)).sum(axis=-1), (union > 0).sum(axis=-1))


@additive(
    Metric(
        "miou",
        "Mean intersection over union",
        Family.SMOOTH,
        needs=("prediction", "label"),
        parameters=(
            Parameter(
                "classes", Kind.COUNT, "number of classes; the highest class met plus one unless given"
            ),
            Parameter("ignore", Kind.COUNT, "label of pixels that do not count, often 255", least=0),
        ),
        tasks=frozenset({"segmentation"}),
        aliases=("mean-iou", "jaccard"),
    ),
    value=_mean_over_union,
)
def miou(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Pixels common to prediction and truth over pixels of either, pooled over images, averaged over the
    classes that occur in either (PASCAL VOC).

    An image leaves of each class its common, predicted and true pixels.
    """
    import numpy as np

    predicted, true = predictions.array("prediction"), predictions.array("label")
    if predicted.shape != true.shape or predicted.ndim < 2:
        raise QSpecError(
            f"Class maps must agree in shape: the prediction has {predicted.shape}, the label {true.shape}."
        )
    ignore, declared = parameters.get("ignore"), parameters.get("classes")
    counted = np.ones(true.shape, dtype=np.bool_) if ignore is None else true != ignore
    highest = int(max(predicted.max(initial=0, where=counted), true.max(initial=0, where=counted)))
    classes = parameters.count("classes") if declared is not None else highest + 1
    lowest = min(predicted.min(initial=0, where=counted), true.min(initial=0, where=counted))
    if highest >= classes or lowest < 0:
        raise QSpecError(f"Class maps must hold classes from 0 to {classes - 1}; they go beyond.")
    must_fit(predictions.n * classes * 3, f"Counts of {classes} classes in {predictions.n} images")
    counts = np.empty((predictions.n, classes, 3))
    for rows in predictions.blocks(math.prod(true.shape[1:])):
        mask, p, t = counted[rows], predicted[rows].astype(np.int64), true[rows].astype(np.int64)
        image = np.broadcast_to(np.arange(len(mask)).reshape(-1, *[1] * (mask.ndim - 1)), mask.shape)
        for index, (where, cls) in enumerate([(mask & (p == t), t), (mask, p), (mask, t)]):
            cells = np.bincount(image[where] * classes + cls[where], minlength=len(mask) * classes)
            counts[rows, :, index] = cells.reshape(len(mask), classes)
    return counts.reshape(predictions.n, classes * 3)
