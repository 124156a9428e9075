"""The claim does not say by which rule the answers were scored.

What it finds
-------------
A claim whose evaluation names no metric, whose source does not state one, or whose metric is a word such as "accuracy"
or "quality", or leaves out a parameter that changes its value.

Why it matters
--------------
Top-1 and top-5, exact match and partial credit, micro and macro F1 lose differently from the same changed answers.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
        baseline: fp32
      }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
        metrics: [top1]
        baseline: fp32
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `metric` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS104", "metric-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("metric",), gap=True)
def metric_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss of no defined score."""
    yield from gap(claim, "metric", asks="which scoring rule?", template="metrics: [top1]")
