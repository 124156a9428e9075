"""Metrics of short answers: exact match and token F1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from qspec.metrics.definition import Family, Metric, additive
from qspec.metrics.parameters import Parameters
from qspec.metrics.textual import normalization, pairs

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions

ANSWERING = frozenset({"reasoning", "question-answering"})


@additive(
    Metric(
        "exact-match",
        "Exact match",
        Family.BINARY,
        needs=("text|prediction", "reference|label"),
        parameters=(normalization(False, frozenset({"question-answering"})),),
        tasks=ANSWERING,
        aliases=("em",),
    )
)
def exact_match(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Share of answers that equal a reference, after the declared normalization.

    Answers are texts, or class numbers of which every one must be right (a row of tokens an example).
    """
    import numpy as np

    if predictions.has("text"):
        found = (
            text in references for text, references in pairs(predictions, parameters.word("normalization"))
        )
        return np.fromiter(found, np.float64, predictions.n)[:, None]
    return predictions.column("correct")[:, None]


@additive(
    Metric(
        "token-f1",
        "Token F1",
        Family.MEAN,
        needs=("text", "reference"),
        parameters=(normalization(True),),
        tasks=frozenset({"question-answering"}),
    )
)
def token_f1(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """F1 of the words of answer and reference as bags, the best over references, averaged over examples
    (Rajpurkar et al., EMNLP 2016).
    """
    import numpy as np

    def overlap(answer: list[str], reference: list[str]) -> float:
        if not answer or not reference:
            return float(answer == reference)
        common = (Counter(answer) & Counter(reference)).total()
        return 2 * common / (len(answer) + len(reference))

    best = (
        max(overlap(text.split(), reference.split()) for reference in references)
        for text, references in pairs(predictions, parameters.word("normalization"))
    )
    return np.fromiter(best, np.float64, predictions.n)[:, None]
