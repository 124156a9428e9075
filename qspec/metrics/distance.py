"""Distances between the answers of two models: flips, agreement, divergence, cosine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Direction, Family, Metric, additive
from qspec.metrics.groups import CHOICE, EVERY_ANSWER, RANKING
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import Array, FloatArray
    from qspec.metrics.predictions import Predictions


def _other(predictions: Predictions) -> Predictions:
    if predictions.baseline is None:
        raise QSpecError("A distance compares two models, and only one model's predictions were given.")
    return predictions.baseline


def _same_answer(predictions: Predictions) -> Array:
    """(n,) truth values: both models answer alike; for lists the first item."""
    import numpy as np

    other = _other(predictions)
    if predictions.has("text"):
        pairs = zip(predictions.texts("text"), other.texts("text"), strict=True)
        return np.fromiter((ours == theirs for ours, theirs in pairs), np.bool_, predictions.n)
    if predictions.has("ranking"):
        return np.equal(predictions.array("ranking")[:, 0], other.array("ranking")[:, 0])
    ours, theirs = predictions.array("prediction"), other.array("prediction")
    if ours.shape != theirs.shape:
        raise QSpecError(
            f"The two models' answers have shapes {theirs.shape} and {ours.shape}; they must agree."
        )
    same = np.equal(ours, theirs)
    agreed: Array = same.reshape(len(same), -1).min(axis=1)
    return agreed


@additive(
    Metric(
        "flips",
        "Flips",
        Family.DISTANCE,
        Direction.LOWER,
        needs=("correct|prediction|text|ranking",),
        parameters=(
            Parameter(
                "of",
                Kind.WORD,
                "correctness counts answers that became right or wrong, answers every changed answer",
                default="correctness",
                choices=("correctness", "answers"),
            ),
        ),
        tasks=EVERY_ANSWER | RANKING,
    )
)
def flips(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples that one model has right and the other wrong (Dutta et al., NeurIPS 2024).

    Equal accuracies can hide many flips. Beside a metric that is 0 or 1 for every example they are those of that
    metric, of several the first, with its normalization and cut-off; elsewhere an answer is right that equals the truth
    as it stands. `flips(of: answers)` also counts a wrong answer that became another wrong one, and needs no labels.
    """
    import numpy as np

    if parameters.word("of") == "answers":
        return np.asarray(~_same_answer(predictions), dtype=np.float64)[:, None]
    if not predictions.has("correct"):
        raise QSpecError(
            "Flips of correctness need labels, and there are none.",
            hint="say flips(of: answers), or agreement",
        )
    changed = predictions.column("correct") != _other(predictions).column("correct")
    return np.asarray(changed, dtype=np.float64)[:, None]


@additive(
    Metric(
        "agreement",
        "Agreement",
        Family.DISTANCE,
        needs=("prediction|text|ranking",),
        tasks=EVERY_ANSWER | RANKING,
    )
)
def agreement(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of examples that both models answer alike; of a ranked list, the first item."""
    import numpy as np

    return np.asarray(_same_answer(predictions), dtype=np.float64)[:, None]


@additive(
    Metric(
        "kl",
        "Kullback-Leibler divergence",
        Family.DISTANCE,
        Direction.LOWER,
        high=math.inf,
        unit="kl",
        needs=("logits|probabilities",),
        tasks=CHOICE,
        aliases=("kl-divergence",),
    )
)
def kl(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean divergence, in nats, of the quantized model's class distribution from the baseline's.

    The sum over classes of p log(p / q), p the baseline's and q the quantized model's probability (Kullback
    and Leibler 1951). Raises `QSpecError` where q is zero and p is not: the divergence is infinite.
    """
    import numpy as np

    other = _other(predictions)
    if other.classes != predictions.classes:
        raise QSpecError(
            f"The models have {other.classes} and {predictions.classes} classes; they must agree."
        )
    divergence = np.empty((predictions.n, 1))
    blocks = zip(other.log_probability_blocks(), predictions.log_probability_blocks(), strict=True)
    for (rows, log_p), (_, log_q) in blocks:
        p = np.exp(log_p)
        with np.errstate(invalid="ignore"):
            terms = np.where(p > 0, p * (log_p - log_q), 0.0)
        divergence[rows, 0] = np.maximum(terms.sum(axis=1), 0)
    if np.isinf(divergence).any():
        raise QSpecError(
            "The divergence is infinite: the quantized model gives probability zero where the baseline does not.",
            hint="keep logits rather than rounded probabilities",
        )
    return divergence


@additive(
    Metric(
        "cosine",
        "Cosine similarity",
        Family.DISTANCE,
        low=-1.0,
        unit="cosine",
        needs=("embedding|output|logits|probabilities",),
        tasks=CHOICE | {"retrieval", "regression", "super-resolution"},
        aliases=("cosine-similarity",),
    )
)
def cosine(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean cosine of the angle between the two models' vectors: embeddings, else outputs, else logits or probabilities.

    A vector of zeros has no direction: such examples lie outside the denominator.
    """
    import numpy as np

    name = next(name for name in ("embedding", "output", "logits", "probabilities") if predictions.has(name))
    ours, theirs = predictions.array(name), _other(predictions).array(name)
    if ours.shape != theirs.shape:
        raise QSpecError(
            f"The two models' vectors have shapes {theirs.shape} and {ours.shape}; they must agree."
        )
    similarity = np.empty((predictions.n, 1))
    for rows in predictions.blocks(math.prod(ours.shape[1:])):
        x = ours[rows].reshape(len(ours[rows]), -1).astype(np.float64)
        y = theirs[rows].reshape(x.shape).astype(np.float64)
        lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
        products = (x * y).sum(axis=1)
        similarity[rows, 0] = np.where(lengths > 0, products / np.where(lengths > 0, lengths, 1), np.nan)
    return similarity
