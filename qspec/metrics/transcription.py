"""Word and character error rates of transcriptions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qspec.metrics.definition import Direction, Family, Metric, additive, ratio_value
from qspec.metrics.parameters import Parameters
from qspec.metrics.textual import normalization, optional_package, pairs, single_reference

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions

TRANSCRIPTS_AT_ONCE = 1024


def _errors(predictions: Predictions, parameters: Parameters, metric: str) -> FloatArray:
    """(n, 2): edits from the reference, and the length of the reference, in words or characters."""
    import numpy as np

    jiwer = optional_package("jiwer", metric)
    process = jiwer.process_words if metric == "wer" else jiwer.process_characters
    texts: list[str] = []
    references: list[str] = []
    for text, several in pairs(predictions, parameters.word("normalization")):
        texts.append(text.strip())
        references.append(single_reference(metric, several).strip())
    counts = np.zeros((predictions.n, 2))
    # An empty reference has no alignment; every word said against it is an insertion.
    for index in (i for i, reference in enumerate(references) if not reference):
        counts[index, 0] = len(texts[index].split() if metric == "wer" else texts[index])
    spoken = [i for i, reference in enumerate(references) if reference]
    for start in range(0, len(spoken), TRANSCRIPTS_AT_ONCE):
        chosen = spoken[start : start + TRANSCRIPTS_AT_ONCE]
        result = process([references[i] for i in chosen], [texts[i] for i in chosen])
        for index, reference, alignment in zip(chosen, result.references, result.alignments, strict=True):
            edits = (
                max(part.ref_end_idx - part.ref_start_idx, part.hyp_end_idx - part.hyp_start_idx)
                for part in alignment
                if part.type != "equal"
            )
            counts[index] = sum(edits), len(reference)
    return counts


@additive(
    Metric(
        "wer",
        "Word error rate",
        Family.SMOOTH,
        Direction.LOWER,
        high=math.inf,
        needs=("text", "reference"),
        parameters=(normalization(True),),
        tasks=frozenset({"speech-recognition"}),
        aliases=("word-error-rate",),
        package="jiwer",
    ),
    value=ratio_value,
)
def wer(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Substituted, deleted and inserted words over the words of the references, pooled over utterances.

    It may exceed 100 %. Case and punctuation can change it by more than a quantization does, so the
    normalization is part of the metric.
    """
    return _errors(predictions, parameters, "wer")


@additive(
    Metric(
        "cer",
        "Character error rate",
        Family.SMOOTH,
        Direction.LOWER,
        high=math.inf,
        needs=("text", "reference"),
        parameters=(normalization(True),),
        tasks=frozenset({"speech-recognition"}),
        aliases=("character-error-rate",),
        package="jiwer",
    ),
    value=ratio_value,
)
def cer(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Substituted, deleted and inserted characters over the characters of the references, pooled."""
    return _errors(predictions, parameters, "cer")
