"""Metrics of class counts: F1 in its four averages, balanced accuracy, Matthews correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.metrics.definition import Family, Metric, additive, divide
from qspec.metrics.fields import must_fit
from qspec.metrics.groups import CLASSIFICATION
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray, IntArray
    from qspec.metrics.predictions import Predictions


def _true_and_predicted(predictions: Predictions) -> FloatArray:
    """(n, 2): true class, predicted class."""
    import numpy as np

    return np.stack([predictions.truth(), predictions.column("prediction")], axis=1).astype(np.float64)


def class_counts(columns: FloatArray, groups: IntArray, count: int, parameters: Parameters) -> FloatArray:
    """(count, 3 C): of each class in turn right answers, predictions and true examples, within every group.

    C is one more than the highest class met; a class that a group lacks counts zero there, and values leave
    classes out that are neither true nor predicted.
    """
    import numpy as np

    true, predicted = columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int64)
    classes = int(columns.max(initial=0)) + 1
    must_fit(count * classes * 3, f"Counts of {classes} classes in {count} groups")
    counts = np.zeros((count, classes, 3))
    right = true == predicted
    for index, (group, cls) in enumerate([(groups[right], true[right]), (groups, predicted), (groups, true)]):
        counts[..., index] = np.bincount(group * classes + cls, minlength=count * classes).reshape(
            count, classes
        )
    return counts.reshape(count, classes * 3)


def _right_predicted_true(sums: FloatArray) -> tuple[Array, Array, Array]:
    return sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]


def _f1_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    import numpy as np

    right, predicted, true = _right_predicted_true(sums)
    averaging = parameters.word("averaging")
    if averaging == "micro":
        return divide(2 * right.sum(axis=-1), (predicted + true).sum(axis=-1))
    by_class = divide(2 * right, predicted + true)
    if averaging == "binary":
        positive = parameters.count("positive")
        return by_class[..., positive] if positive < by_class.shape[-1] else np.full(sums.shape[:-1], np.nan)
    weight = true if averaging == "weighted" else (predicted + true > 0).astype(np.float64)
    return divide((np.nan_to_num(by_class) * weight).sum(axis=-1), weight.sum(axis=-1))


@additive(
    Metric(
        "f1",
        "F1",
        Family.SMOOTH,
        needs=("prediction", "label"),
        parameters=(
            Parameter(
                "averaging",
                Kind.WORD,
                "macro averages classes alike, weighted by how common they are, micro pools all decisions, "
                "binary takes one class",
                required=True,
                choices=("macro", "micro", "weighted", "binary"),
            ),
            Parameter("positive", Kind.COUNT, "number of the positive class, for binary", default=1, least=0),
        ),
        tasks=CLASSIFICATION,
        aliases=("f1-score",),
    ),
    value=_f1_value,
    sums=class_counts,
)
def f1(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Harmonic mean of precision and recall (van Rijsbergen 1979).

    The averages are different quantities: on one label an example, micro equals accuracy, while macro gives a
    rare class as much weight as a common one. A class that is neither true nor predicted is left out of macro.
    """
    return _true_and_predicted(predictions)


def _balanced_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    import numpy as np

    right, _, true = _right_predicted_true(sums)
    return divide(np.nan_to_num(divide(right, true)).sum(axis=-1), (true > 0).sum(axis=-1))


@additive(
    Metric(
        "balanced-accuracy",
        "Balanced accuracy",
        Family.SMOOTH,
        needs=("prediction", "label"),
        tasks=CLASSIFICATION,
        aliases=("macro-recall",),
    ),
    value=_balanced_value,
    sums=class_counts,
)
def balanced_accuracy(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean over the true classes of the share of each that is answered right (Brodersen et al., ICPR 2010)."""
    return _true_and_predicted(predictions)


def _mcc_value(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    import numpy as np

    right, predicted, true = _right_predicted_true(sums)
    total = true.sum(axis=-1)
    covariance = right.sum(axis=-1) * total - (predicted * true).sum(axis=-1)
    spread = (total**2 - (predicted**2).sum(axis=-1)) * (total**2 - (true**2).sum(axis=-1))
    # One class alone, true or predicted, leaves nothing to correlate with: zero by convention.
    value = np.where(spread > 0, divide(covariance, np.sqrt(spread)), 0.0)
    return np.where(total > 0, value, np.nan)


@additive(
    Metric(
        "mcc",
        "Matthews correlation coefficient",
        Family.SMOOTH,
        low=-1.0,
        unit="mcc",
        needs=("prediction", "label"),
        tasks=CLASSIFICATION,
        aliases=("matthews-correlation",),
    ),
    value=_mcc_value,
    sums=class_counts,
)
def mcc(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Correlation of predicted with true classes, for two classes (Matthews 1975) or more (Gorodkin 2004).

    Zero where only one class is true or only one is predicted.
    """
    return _true_and_predicted(predictions)
