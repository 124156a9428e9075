"""A claim about one model is worded for a family.

What it finds
-------------
A title or a quoted sentence about all models, any task, every size or a whole family, above an executor with one
model and one evaluation.

Why it matters
--------------
Small models lose most. A 72-billion-parameter model that keeps its average and a half-billion one that loses a
seventh of it are of one family, and the sentence was written for the first.

Example:
-------
    qspec 1
    claim brochure {
      title: "INT8 preserves accuracy across all models"
      executor { model { base: "ResNet-50 v1.5" }, task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      title: "INT8 keeps the top-1 of ResNet-50 within a point"
      executor { model { base: "ResNet-50 v1.5" }, task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qspec.checks.prose import prose
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity

_FAMILY = re.compile(
    r"(?:\b(?:for|on|in|over|to|with)\s+(?:all|any|every|most)|(?:^|[.;:!]\s+)(?:all|any|every|most)"
    r"|\bacross(?:\s+all|\s+many|\s+several)?)\s+"
    r"(?:(?:of\s+)?(?:our|the)\s+|tested\s+|supported\s+|popular\s+)?"
    r"(?:[\w-]+\s+)?(?:models?|networks?|LLMs?|architectures?|tasks?|sizes|model families|families|devices|hardware)\b"
    r"|\b(?:whole|entire|full)\s+(?:[\w.-]+\s+){0,2}(?:family|series|zoo)\b",
    re.IGNORECASE,
)


@rule("QS801", "claimed-for-a-family", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("model", "task"))
def claimed_for_a_family(claim: ClaimView) -> Iterator[Finding]:
    """One model, and a sentence about many."""
    if claim.executor is None or claim.executor.model is None or len(claim.evaluations) > 1:
        return
    for text, origin in prose(claim):
        match = _FAMILY.search(text)
        if match:
            yield Finding(
                f"“{match[0]}” is said of a family, and the executor has one model on one task.",
                origin,
                help="name the model and the task, or write a claim for each of them and join them in a `suite`",
            )
            return
