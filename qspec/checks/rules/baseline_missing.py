"""The claim does not say what its loss is relative to.

What it finds
-------------
A claim whose executor has no baseline, whose source does not state one, or whose baseline names no number format.

Why it matters
--------------
A model quantized from bf16 and compared with fp16 loses another amount than one compared with fp32, and "the
original" may be a model that was itself fine-tuned or quantized.

Example:
-------
    qspec 1
    claim small-loss {
      executor { task: image-classification, metrics: [top1] }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `baseline` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS105", "baseline-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("baseline",), gap=True
)
def baseline_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss relative to nothing named."""
    yield from gap(claim, "baseline", asks="the loss is relative to what?", template="baseline: fp32")
