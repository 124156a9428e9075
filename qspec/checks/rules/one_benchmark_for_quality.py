"""One benchmark stands for quality in general.

What it finds
-------------
A title or a quoted sentence about quality, capability or performance as a whole, above an executor with one
evaluation.

Why it matters
--------------
A benchmark measures what it asks. Models that keep one score change answers, styles and skills that it does not look
at.

Example:
-------
    qspec 1
    claim brochure {
      title: "4-bit quantization preserves model quality"
      executor { task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16 }
      loss(accuracy) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      title: "4-bit quantization keeps MMLU within a point"
      executor { task: multiple-choice, metrics: [accuracy(normalization: none)], baseline: bf16 }
      loss(accuracy) <= 1 pp
    }

References:
----------
A. Dutta et al., Accuracy is not all you need, NeurIPS 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.likelihood import only_likelihoods
from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.metrics.tasks import find_task

_QUALITY = re.compile(
    r"\b(?:overall|general|model|output|generation|same|full|original)[ -](?:quality|capabilit(?:y|ies)|performance)\b"
    r"|\b(?:quality|capabilities) (?:is|are) (?:preserved|retained|maintained|kept|unchanged)\b",
    re.IGNORECASE,
)
_BROAD = {"language-modelling", "multiple-choice"}


@rule("QS803", "one-benchmark-for-quality", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("task",))
def one_benchmark_for_quality(claim: ClaimView) -> Iterator[Finding]:
    """A part that stands for the whole."""
    if claim.executor is None or len(claim.evaluations) != 1 or only_likelihoods(claim):
        return
    task = find_task(claim.evaluations[0].task or "")
    if task is None or not (task.generates or task.name in _BROAD):
        return
    for text, origin in prose(claim):
        match = _QUALITY.search(text)
        if match:
            yield Finding(
                f"“{match[0]}” is said of the model, and one evaluation is declared: {task.name}.",
                origin,
                help="name the benchmark in the sentence, or declare an evaluation for each thing that must be kept",
            )
            return
