"""Proper scoring rules of probabilities: negative log-likelihood, Brier score, perplexity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Direction, Family, Metric, additive, divide
from qspec.metrics.groups import CHOICE
from qspec.metrics.parameters import Kind, Parameter, Parameters

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions


@additive(
    Metric(
        "nll",
        "Negative log-likelihood",
        Family.MEAN,
        Direction.LOWER,
        high=math.inf,
        unit="nll",
        needs=("logits|probabilities|loss", "label|loss"),
        tasks=CHOICE,
        aliases=("negative-log-likelihood", "log-loss", "cross-entropy"),
    )
)
def nll(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean over examples of minus the natural logarithm of the probability given to the label.

    A proper scoring rule (Good 1952): unlike accuracy it notices when confidence degrades.
    """
    import numpy as np

    if "loss" in predictions.names:
        return predictions.column("loss").astype(np.float64)[:, None]
    loss, truth = np.empty((predictions.n, 1)), predictions.truth()
    for rows, log_probability in predictions.log_probability_blocks():
        loss[rows] = -np.take_along_axis(log_probability, truth[rows, None], axis=1)
    if np.isinf(loss).any():
        raise QSpecError(
            "The negative log-likelihood is infinite: a label was given a probability of exactly zero.",
            hint="keep logits rather than rounded probabilities",
        )
    return loss


@additive(
    Metric(
        "brier",
        "Brier score",
        Family.MEAN,
        Direction.LOWER,
        high=2.0,
        unit="brier",
        needs=("logits|probabilities|score", "label"),
        tasks=CHOICE,
        aliases=("brier-score",),
    )
)
def brier(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Mean squared distance between the probabilities and the label.

    With one probability an example, or two classes, (p - y)^2 of the positive class; with more classes the
    sum over classes (Brier 1950), which reaches 2.
    """
    import numpy as np

    if not (predictions.has("logits") or predictions.has("probabilities")):
        score, label = predictions.column("score"), predictions.labels(2)
        if predictions.n and (score.min() < 0 or score.max() > 1):
            raise QSpecError("The Brier score needs probabilities from 0 to 1; the scores go beyond.")
        return np.asarray(np.square(score - label), dtype=np.float64)[:, None]
    loss, truth = np.empty((predictions.n, 1)), predictions.truth()
    for rows, log_probability in predictions.log_probability_blocks():
        probability, classes = np.exp(log_probability), log_probability.shape[1]
        own = np.take_along_axis(probability, truth[rows, None], axis=1)
        squares = np.square(probability).sum(axis=1, keepdims=True) - 2 * own + 1
        loss[rows] = squares / 2 if classes == 2 else squares
    return loss


def _per_unit(predictions: Predictions, unit: str) -> FloatArray:
    import numpy as np

    loss, count = predictions.column("loss"), predictions.column(unit)
    if predictions.n and count.min() < 0:
        raise QSpecError(f"The number of {unit} of an example cannot be negative.")
    return np.stack([loss, count], axis=1).astype(np.float64)


def _exponential(sums: FloatArray, n: FloatArray, parameters: Parameters) -> FloatArray:
    import numpy as np

    with np.errstate(over="ignore"):
        return np.asarray(np.exp(divide(sums[..., 0], sums[..., 1])), dtype=np.float64)


@additive(
    Metric(
        "perplexity",
        "Perplexity",
        Family.SMOOTH,
        Direction.LOWER,
        low=1.0,
        high=math.inf,
        unit="ppl",
        needs=("loss",),
        parameters=(
            Parameter(
                "per",
                Kind.WORD,
                "what the log-likelihood is divided by; perplexities per token of two tokenizers do not compare",
                required=True,
                choices=("token", "word", "byte", "character"),
            ),
            Parameter("stride", Kind.COUNT, "tokens between the starts of two windows over a long text"),
            Parameter("context", Kind.COUNT, "most tokens a window holds"),
        ),
        tasks=frozenset({"language-modelling"}),
        aliases=("ppl",),
    ),
    value=_exponential,
)
def perplexity(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Exponential of the negative log-likelihood over the number of tokens, words, bytes or characters.

    Sums of log-likelihood and counts are kept an example (a document or a window), so that totals pool over
    the text and resampling keeps documents whole. Stride and context fix how much of the text each token
    sees; they are declared here and applied where the model runs.
    """
    return _per_unit(predictions, f"{parameters.word('per')}s")


@additive(
    Metric(
        "bits-per-byte",
        "Bits per byte",
        Family.SMOOTH,
        Direction.LOWER,
        high=math.inf,
        unit="bits-per-byte",
        needs=("loss", "bytes"),
        tasks=frozenset({"language-modelling"}),
        aliases=("bpb",),
    ),
    value=lambda sums, n, parameters: divide(sums[..., 0], sums[..., 1] * math.log(2)),
)
def bits_per_byte(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Negative log-likelihood in bits over the bytes of the text: comparable across tokenizers."""
    return _per_unit(predictions, "bytes")
