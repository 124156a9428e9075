"""The quantized model has the baseline's scores to the digit.

What it finds
-------------
Three or more reported figures, of different metrics, evaluations or strata, each with the same digits for baseline
and quantized model.

Why it matters
--------------
One equal score is luck or a ceiling. All of them equal means that the card of the parent was copied: nobody scored
the quantized model.

Example:
-------
    qspec 1
    claim brochure {
      executor {
        baseline: bf16
        evaluation arc { task: multiple-choice, metrics: [accuracy(normalization: none)] }
        evaluation mmlu { task: multiple-choice, metrics: [accuracy(normalization: none)] }
        evaluation hellaswag { task: multiple-choice, metrics: [accuracy(normalization: none)] }
      }
      reported {
        accuracy on arc { baseline: 65.19 %, quantized: 65.19 % }
        accuracy on mmlu { baseline: 63.40 %, quantized: 63.40 % }
        accuracy on hellaswag { baseline: 84.75 %, quantized: 84.75 % }
      }
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor {
        baseline: bf16
        evaluation arc { task: multiple-choice, metrics: [accuracy(normalization: none)] }
        evaluation mmlu { task: multiple-choice, metrics: [accuracy(normalization: none)] }
        evaluation hellaswag { task: multiple-choice, metrics: [accuracy(normalization: none)] }
      }
      reported {
        accuracy on arc { baseline: 65.19 %, quantized: 64.85 % }
        accuracy on mmlu { baseline: 63.40 %, quantized: 62.97 % }
        accuracy on hellaswag { baseline: 84.75 %, quantized: 84.61 % }
      }
    }

References:
----------
Published claims, pattern 12.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import (
    central,
)
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind

_FEW = 3


@rule("QS809", "scores-inherited", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("evidence",))
def scores_inherited(claim: ClaimView) -> Iterator[Finding]:
    """The parent's scores under the child's name."""
    pairs = [
        (baseline, quantized)
        for view in claim.figures
        if view.measurand.kind is MeasurandKind.METRIC
        if (baseline := central(view.figure.baseline)) is not None
        if (quantized := central(view.figure.quantized)) is not None
    ]
    if len(pairs) >= _FEW and all(baseline == quantized for baseline, quantized in pairs):
        yield Finding(
            f"All {len(pairs)} scores of the quantized model are the baseline's to the digit: {pairs[0][0]},"
            f" {pairs[1][0]} and so on.",
            claim.origin.at("reported"),
            help="say who scored the quantized model, or drop its column: the parent's scores are not its own",
            at_key=True,
        )
