"""Metrics of generated programs and of judgements by people, which are not computed by running anything here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qspec.errors import QSpecError
from qspec.metrics.definition import Availability, Family, Metric, additive, register
from qspec.metrics.parameters import Parameters, cutoff

if TYPE_CHECKING:
    from qspec.metrics.fields import FloatArray
    from qspec.metrics.predictions import Predictions


@additive(
    Metric(
        "pass@k",
        "Pass at k",
        Family.MEAN,
        needs=("passed", "samples"),
        parameters=(cutoff("how many samples a problem may take: pass@1"),),
        tasks=frozenset({"reasoning"}),
        availability=Availability.SCORES,
    )
)
def pass_at_k(predictions: Predictions, parameters: Parameters) -> FloatArray:
    """Probability that at least one of k samples passes the tests of a problem, averaged over problems.

    The unbiased estimator of Chen et al. (2021): 1 - C(n - c, k) / C(n, k) with c of n samples passing. It
    comes from counts made elsewhere, since making them would run generated programs.
    """
    import numpy as np

    k = parameters.count("k")
    passed, samples = (predictions.column(name).astype(np.float64) for name in ("passed", "samples"))
    if predictions.n and (samples.min() < k or passed.min() < 0 or (passed > samples).any()):
        raise QSpecError(
            f"Every problem needs at least {k} samples, and no more may pass than were drawn.",
            hint="choose a smaller k, or draw more samples",
        )
    every_fails = np.ones(predictions.n)
    for drawn in range(k):
        every_fails *= np.maximum(samples - passed - drawn, 0) / (samples - drawn)
    return (1 - every_fails)[:, None]


register(
    Metric(
        "human-eval",
        "Human evaluation",
        Family.MEAN,
        unit="human-eval",
        tasks=frozenset({"summarization", "translation", "question-answering", "super-resolution"}),
        availability=Availability.REFUSED,
        aliases=("human-evaluation", "human-preference"),
        doc="Judgement by people. A claim can state it and be checked for what it leaves out (who judged, how many, "
        "how blinded); nothing here can execute it, and the HumanEval benchmark of programs is `pass@k`.",
    ),
    __name__,
)
