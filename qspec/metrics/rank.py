"""Metrics of order: area under the ROC curve, average precision, Spearman correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.metrics.definition import CountedScore, Family, Metric, scored
from qspec.metrics.groups import CLASSIFICATION
from qspec.metrics.parameters import Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray, IntArray
    from qspec.metrics.predictions import Predictions


def _score_and_label(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """(n, 2): score of the positive class, true class 0 or 1."""
    import numpy as np

    return np.stack([predictions.column("score"), predictions.labels(2)], axis=1).astype(np.float64)


def _places(values: FloatArray) -> IntArray:
    """The place of every value among the distinct ones, from 0 up."""
    import numpy as np

    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


def _middle_ranks(places: IntArray, counts: IntArray | None = None) -> FloatArray:
    """Ranks from 1 up, equal values sharing the middle of theirs, where every row counts once, or so often."""
    import numpy as np

    held = np.bincount(places, weights=counts)
    return np.asarray((np.cumsum(held) - (held - 1) / 2)[places], dtype=np.float64)


@scored(
    Metric(
        "auc",
        "Area under the ROC curve",
        Family.RANK,
        needs=("score", "label"),
        two_classes=True,
        tasks=CLASSIFICATION,
        aliases=("roc-auc", "auroc"),
    ),
    _score_and_label,
)
def auc(columns: FloatArray, parameters: Parameters) -> float:
    """Probability that a positive example scores above a negative one, ties counting half (Hanley and
    McNeil 1982). Its paired interval is DeLong's (1988).
    """
    positive = columns[:, 1] == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return float("nan")
    above = _middle_ranks(_places(columns[:, 0]))[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def _counted_precision(columns: FloatArray, parameters: Parameters) -> CountedScore:
    import numpy as np

    order = np.argsort(-columns[:, 0], kind="stable")
    score, positive = columns[order, 0], columns[order, 1]
    # Examples of one score are called positive together, so only the last of them is a threshold.
    thresholds = np.flatnonzero(np.append(np.diff(score) != 0, True))

    def value(times: IntArray) -> float:
        counts = times[order]
        hits, called = np.cumsum(counts * positive)[thresholds], np.cumsum(counts)[thresholds]
        if not hits[-1]:
            return float("nan")
        gained = np.diff(hits, prepend=0.0) / hits[-1]
        return float((gained * hits / np.maximum(called, 1)).sum())

    return value


@scored(
    Metric(
        "average-precision",
        "Average precision",
        Family.RANK,
        needs=("score", "label"),
        two_classes=True,
        tasks=CLASSIFICATION,
        aliases=("pr-auc", "ap"),
    ),
    _score_and_label,
    _counted_precision,
)
def average_precision(columns: FloatArray, parameters: Parameters) -> float:
    """Precision at every threshold, weighted by the recall gained there, without interpolation."""
    import numpy as np

    return _counted_precision(columns, parameters)(np.ones(len(columns), dtype=np.int64))


def _output_and_target(predictions: Predictions, parameters: Parameters) -> FloatArray:
    import numpy as np

    return np.stack([predictions.column("output"), predictions.column("target")], axis=1).astype(np.float64)


def _counted_correlation(columns: FloatArray, parameters: Parameters) -> CountedScore:
    import numpy as np

    # In the order of the outputs, so that what is looked up for them lies side by side.
    order = np.argsort(columns[:, 0], kind="stable")
    places = [_places(columns[order, i]) for i in (0, 1)]

    def value(times: IntArray) -> float:
        counts = times[order]
        middle = (counts.sum() + 1) / 2
        output, target = (_middle_ranks(each, counts) - middle for each in places)
        weighted = counts * output
        spread = float(np.sqrt((weighted * output).sum() * (counts * target**2).sum()))
        return float((weighted * target).sum()) / spread if spread > 0 else float("nan")

    return value


@scored(
    Metric(
        "spearman",
        "Spearman rank correlation",
        Family.RANK,
        low=-1.0,
        unit="spearman",
        needs=("output", "target"),
        tasks=frozenset({"regression"}),
        aliases=("spearman-rho",),
    ),
    _output_and_target,
    _counted_correlation,
)
def spearman(columns: FloatArray, parameters: Parameters) -> float:
    """Correlation of the ranks of output and target, ties sharing the middle rank (Spearman 1904)."""
    import numpy as np

    return _counted_correlation(columns, parameters)(np.ones(len(columns), dtype=np.int64))
