"""The task's examples come in clusters, and the claim treats them as independent.

What it finds
-------------
A bound on language modelling, question answering, speech recognition, token classification or translation whose
`statistics` name no `unit`: tokens and sentences come in documents, questions in passages, utterances by speaker.

Why it matters
--------------
Examples of one document are right or wrong together. Intervals that count each of them for itself are too narrow: with
clustered examples a naive 95 % interval may hold the truth 85 % of the time.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: bf16
      }
      loss(perplexity) <= 0.1 ppl
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: language-modelling, metrics: [perplexity(per: token)], baseline: bf16
        statistics { unit: by document }
      }
      loss(perplexity) <= 0.1 ppl
    }

References:
----------
E. Miller, Adding error bars to evals, arXiv:2411.00640 (2024).
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity

_UNITS = {
    "language-modelling": "document",
    "question-answering": "passage",
    "speech-recognition": "speaker",
    "token-classification": "document",
    "translation": "document",
}


@rule("QS412", "clusters-undeclared", severity=Severity.NOTE, visits=Visit.EVALUATION, axes=("sample_size",))
def clusters_undeclared(view: EvaluationView) -> Iterator[Finding]:
    """Examples that are not independent."""
    cluster, statistics = _UNITS.get(view.task or ""), view.evaluation.statistics
    if cluster is None or (
        statistics is not None and (statistics.unit is not None or statistics.population == "fixed")
    ):
        return
    bounded = any(
        said.evaluation is view and said.measurand.kind.is_accuracy for said in view.claim.assertions
    )
    if bounded and view.claim.claim.source is None:
        yield Finding(
            f"The examples of {view.task} come by {cluster}, and `statistics` names no unit: each counts as independent.",
            view.where("task"),
            help=f"write `statistics {{ unit: by {cluster} }}` with the column that tells them apart",
        )
