"""Decisions at a threshold: sensitivity, specificity, predictive values, match rate, and the operating point."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, additive, ratio_value
from qspec.metrics.groups import CLASSIFICATION
from qspec.metrics.parameters import Kind, OperatingPoint, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray
    from qspec.metrics.predictions import Predictions

THRESHOLD = Parameter(
    "threshold",
    Kind.THRESHOLD,
    "the score from which an example counts as positive; frozen keeps the baseline's threshold, "
    "at the operating point of the metrics beside it unless it names one",
)


def _operating_point(*companions: str) -> Parameter:
    return Parameter(
        "at",
        Kind.OPERATING_POINT,
        f"the threshold is chosen, on another split, so that this is reached: {companions[0]} >= 95 %",
        choices=companions,
    )


def threshold_at(tuning: Predictions, point: OperatingPoint) -> float:
    """The threshold at which `point` is just reached on the tuning split, deciding `score >= threshold`.

    For specificity it is the lowest such threshold, for sensitivity the highest. Raises `QSpecError` when
    the split has no example of the class that the companion metric counts.
    """
    import numpy as np

    score, label = tuning.column("score").astype(np.float64), tuning.labels(2)
    counted = np.sort(score[label == (1 if point.metric == "sensitivity" else 0)])
    if counted.size == 0:
        raise QSpecError(
            f"The tuning split has no example to choose a threshold for {point} on.",
            hint="choose the threshold on a split that holds both classes",
        )
    needed = math.ceil(point.value * counted.size - 1e-9)
    if point.metric == "sensitivity":
        return float(counted[counted.size - needed]) if needed else math.inf
    # Specificity counts negatives strictly below the threshold, so it stands just above the last of them.
    return float(np.nextafter(counted[needed - 1], np.inf)) if needed else -math.inf


def _positive(predictions: Predictions, parameters: Parameters) -> Array:
    """(n,) truth values: whether each example is called positive."""
    import numpy as np

    if parameters.get("threshold") is not None:
        return np.greater_equal(
            predictions.column("score").astype(np.float64), parameters.number("threshold")
        )
    if not predictions.has("prediction"):
        raise QSpecError(
            "Scores alone decide nothing: a threshold is needed to call an example positive.",
            hint="give the metric a threshold or an operating point",
        )
    return np.equal(predictions.column("prediction"), 1)


def _called_right_within(predictions: Predictions, parameters: Parameters, true_class: int) -> FloatArray:
    """(n, 1): whether the examples of one true class are called that; NaN for the other class."""
    import numpy as np

    label, positive = predictions.labels(2), _positive(predictions, parameters)
    right = np.where(label == true_class, positive == bool(true_class), np.nan)
    return right.astype(np.float64)[:, None]


def _right_among_called(predictions: Predictions, parameters: Parameters, called: bool) -> FloatArray:
    """(n, 2): called so and right, called so."""
    import numpy as np

    label, positive = predictions.labels(2), _positive(predictions, parameters)
    chosen = positive == called
    return np.stack([chosen & (label == int(called)), chosen], axis=1).astype(np.float64)


@additive(
    Metric(
        "sensitivity",
        "Sensitivity",
        Family.BINARY,
        needs=("score|prediction", "label"),
        two_classes=True,
        parameters=(_operating_point("specificity"), THRESHOLD),
        tasks=CLASSIFICATION,
        aliases=("true-positive-rate", "tpr"),
    )
)
def sensitivity(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of the positive examples (label 1) that are called positive.

    Its denominator is the true positives of the data, so two models are paired on the same examples.
    """
    return _called_right_within(predictions, parameters, 1)


@additive(
    Metric(
        "specificity",
        "Specificity",
        Family.BINARY,
        needs=("score|prediction", "label"),
        two_classes=True,
        parameters=(_operating_point("sensitivity"), THRESHOLD),
        tasks=CLASSIFICATION,
        aliases=("true-negative-rate", "tnr"),
    )
)
def specificity(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of the negative examples (label 0) that are called negative."""
    return _called_right_within(predictions, parameters, 0)


@additive(
    Metric(
        "ppv",
        "Positive predictive value",
        Family.SMOOTH,
        needs=("score|prediction", "label"),
        two_classes=True,
        parameters=(_operating_point("specificity", "sensitivity"), THRESHOLD),
        tasks=CLASSIFICATION,
        aliases=("positive-predictive-value",),
    ),
    value=ratio_value,
)
def ppv(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of the examples called positive that are positive; it depends on how common they are."""
    return _right_among_called(predictions, parameters, True)


@additive(
    Metric(
        "npv",
        "Negative predictive value",
        Family.SMOOTH,
        needs=("score|prediction", "label"),
        two_classes=True,
        parameters=(_operating_point("specificity", "sensitivity"), THRESHOLD),
        tasks=CLASSIFICATION,
        aliases=("negative-predictive-value",),
    ),
    value=ratio_value,
)
def npv(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of the examples called negative that are negative; it depends on how common they are."""
    return _right_among_called(predictions, parameters, False)


@additive(
    Metric(
        "match-rate",
        "Match rate",
        Family.BINARY,
        needs=("score",),
        two_classes=True,
        parameters=(Parameter("threshold", Kind.THRESHOLD, THRESHOLD.doc, required=True),),
        tasks=frozenset({"retrieval", "image-classification"}),
    )
)
def match_rate(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of pairs that belong together whose similarity reaches the threshold.

    Pairs that do not belong together (label 0) are not counted; without labels every pair counts.
    """
    import numpy as np

    if predictions.has("label"):
        return _called_right_within(predictions, parameters, 1)
    return _positive(predictions, parameters).astype(np.float64)[:, None]
