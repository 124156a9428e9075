"""ROUGE of summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.metrics.definition import Family, Metric, additive
from qspec.metrics.parameters import Kind, Parameter, Parameters
from qspec.metrics.textual import optional_package, pairs

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions


@additive(
    Metric(
        "rouge",
        "ROUGE",
        Family.MEAN,
        needs=("text", "reference"),
        parameters=(
            Parameter(
                "variant",
                Kind.WORD,
                "1 and 2 compare words and pairs of words, L the longest common subsequence, Lsum that by line",
                required=True,
                choices=("1", "2", "L", "Lsum"),
            ),
            Parameter("stemmer", Kind.FLAG, "true compares stems of English words", default=False),
        ),
        tasks=frozenset({"summarization"}),
        package="rouge_score",
    )
)
def rouge(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """F-measure of words (or pairs, or a common subsequence) shared with the reference, the best over
    references, averaged over texts (Lin 2004), as the package rouge-score computes it.
    """
    import numpy as np

    variant = f"rouge{parameters.word('variant')}"
    package = optional_package("rouge_score.rouge_scorer", "rouge")
    scorer = package.RougeScorer([variant], use_stemmer=parameters.flag("stemmer"))
    best = (scorer.score_multi(references, text)[variant].fmeasure for text, references in pairs(predictions))
    return np.fromiter(best, np.float64, predictions.n)[:, None]
