"""Accuracy: the share of examples answered right, with the choices that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Family, Metric, additive
from qspec.metrics.groups import CHOICE, CLASSIFICATION
from qspec.metrics.parameters import Kind, Parameter, Parameters, cutoff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qspec.metrics.bind import BoundMetric
    from qspec.metrics.fields import Array, FloatArray
    from qspec.metrics.predictions import Predictions


def _among_first(predictions: Predictions, k: int) -> FloatArray:
    """(n, 1): 1 where the label is among the k highest scores; equal scores count in order of the class."""
    import numpy as np

    source = predictions.array("logits" if predictions.has("logits") else "probabilities")
    label = predictions.labels(source.shape[1])
    right = np.empty((predictions.n, 1))
    for rows in predictions.blocks(source.shape[1]):
        block, true = source[rows], label[rows, None]
        own = np.take_along_axis(block, true, axis=1)
        earlier = np.arange(block.shape[1]) < true
        before = (block > own).sum(axis=1) + ((block == own) & earlier).sum(axis=1)
        right[rows, 0] = before < k
    return right


@additive(
    Metric(
        "top1",
        "Top-1 accuracy",
        Family.BINARY,
        needs=("prediction", "label"),
        tasks=CHOICE,
        aliases=("top-1", "top1-accuracy", "top-1-accuracy"),
    )
)
def top1(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples whose highest-scoring class is the label.

    Classes of equal score are taken in order of their number. Its loss between two models on the same
    examples is the difference of harmful and helpful flips over n.
    """
    predictions.truth()
    return predictions.column("correct")[:, None]


@additive(
    Metric(
        "top5",
        "Top-5 accuracy",
        Family.BINARY,
        needs=("logits|probabilities", "label"),
        tasks=CLASSIFICATION,
        aliases=("top-5", "top5-accuracy", "top-5-accuracy"),
    )
)
def top5(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples whose label is among the five highest-scoring classes (ILSVRC)."""
    return _among_first(predictions, 5)


@additive(
    Metric(
        "top@k",
        "Top-k accuracy",
        Family.BINARY,
        needs=("logits|probabilities", "label"),
        parameters=(cutoff("how many of the highest-scoring classes count: top@3"),),
        tasks=CLASSIFICATION,
        aliases=("topk", "top-k"),
    )
)
def top_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples whose label is among the k highest-scoring classes."""
    return _among_first(predictions, parameters.count("k"))


@additive(
    Metric(
        "accuracy",
        "Accuracy",
        Family.BINARY,
        needs=("prediction|correct", "label|correct"),
        parameters=(
            Parameter(
                "normalization",
                Kind.WORD,
                "none compares log-likelihoods of the choices as they are, length divides each by its length",
                default="none",
                choices=("none", "length"),
                tasks=frozenset({"multiple-choice"}),
            ),
        ),
        tasks=CHOICE | {"reasoning"},
    )
)
def accuracy(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples answered right.

    For multiple choice the answer is the choice of the highest log-likelihood, as it is (`none`) or divided
    by the length of the choice (`length`); lm-evaluation-harness calls the two acc and acc_norm, and they
    differ by several points on the same outputs. On classes, say `top1`.
    """
    import numpy as np

    if parameters.word("normalization") == "none":
        return predictions.column("correct")[:, None]
    answer = _of_length(predictions)
    right = answer == predictions.labels(predictions.array("logits").shape[1])
    return np.asarray(right, dtype=np.float64)[:, None]


def _of_length(predictions: Predictions) -> Array:
    """(n,) the choices whose log-likelihood is highest for their length."""
    import numpy as np

    likelihood, lengths = predictions.array("logits"), predictions.array("choice-lengths")
    if lengths.shape != likelihood.shape or (predictions.n and lengths.min() <= 0):
        raise QSpecError(
            f"Every choice needs a positive length: the likelihoods have shape {likelihood.shape} and the "
            f"lengths {lengths.shape}."
        )
    answer: Array = np.argmax(likelihood / lengths, axis=1)
    return answer


def by_length(metrics: Iterable[BoundMetric]) -> bool:
    """Whether the first accuracy of an evaluation compares choices by likelihood for their length."""
    first = next((one for one in metrics if one.name == "accuracy"), None)
    return first is not None and first.parameters.get("normalization") == "length"


def chosen(predictions: Predictions, metrics: Iterable[BoundMetric]) -> Array:
    """(n,) the classes answered, chosen as the first accuracy among the metrics of an evaluation chooses."""
    lengths = by_length(metrics) and predictions.has("logits") and predictions.has("choice-lengths")
    return _of_length(predictions) if lengths else predictions.array("prediction")
