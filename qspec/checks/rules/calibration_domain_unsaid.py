"""Calibration and test data are of different sources, and nobody says whether their domains match.

What it finds
-------------
Calibration data of another name than the test set's, where neither `domain` in `calibration` nor a `composition` of
`out-of-distribution`, `domain-matched` or `mixed` says how the two relate.

Why it matters
--------------
Scales chosen on chat transcripts and tested on source code, or the reverse, lose more than either alone would show. A reader
whose data resemble only one of the two needs to know which.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        calibration { data: "ultrachat-200k" @ "8049631", method: gptq, size: 512 }
        test-set { data: "cais/mmlu" @ "c30699e", split: test, composition: stratified }
      }
      loss(accuracy) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16
        calibration { data: "ultrachat-200k" @ "8049631", method: gptq, size: 512, domain: "chat, unlike the test set" }
        test-set { data: "cais/mmlu" @ "c30699e", split: test, composition: stratified }
      }
      loss(accuracy) <= 1 pp
    }

References:
----------
M. Williams and N. Aletras, On the impact of calibration data in post-training quantization and pruning, ACL 2024.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks import words
from qspec.checks.overlap import piece, related
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import EvaluationView
from qspec.lang.diagnostic import Severity

_TELLING = {"out-of-distribution", "domain-matched", "mixed"}


@rule(
    "QS507", "calibration-domain-unsaid", severity=Severity.NOTE, visits=Visit.EVALUATION, axes=("calibration", "test_set")
)  # fmt: skip
def calibration_domain_unsaid(view: EvaluationView) -> Iterator[Finding]:
    """Two sources and no word on how they relate."""
    calibration, test_set = view.claim.calibration, view.test_set
    learned, tested = view.claim.calibration_data, view.test_data
    if calibration is None or test_set is None or learned is None or tested is None:
        return
    if calibration.domain is not None:
        return
    if test_set.composition in _TELLING or words.is_vague(learned.name) or words.is_vague(tested.name):
        return
    first, second = (piece(view.claim.resolved, data) for data in (learned, tested))
    if not related(first.stem, second.stem):
        yield Finding(
            f"Calibration reads `{learned.name}` and the test set is `{tested.name}`: whether they are of one domain"
            " is not said.",
            view.claim.where("calibration"),
            help='add `domain: "…"` to `calibration`, or the `composition` that says so',
        )
