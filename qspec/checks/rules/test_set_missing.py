"""The claim does not say what it was measured on.

What it finds
-------------
A claim whose evaluation names no test set, whose source does not state one, or whose test set lacks version, split or
composition (clean, out-of-distribution, stratified, domain-matched).

Why it matters
--------------
A loss is a property of a model and a set of examples. On clean data that resemble the calibration sample it is at its
smallest; where the model will be used it may be several times as large.

Example:
-------
    qspec 1
    claim small-loss {
      executor {
        task: image-classification
        metrics: [top1]
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
        test-set { data: "ILSVRC 2012", split: val, composition: clean, size: 50000 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `test_set` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS108", "test-set-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("test_set",), gap=True
)
def test_set_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss on no data."""
    yield from gap(
        claim,
        "test_set",
        asks="which data set and split, and what are they composed of?",
        template="test-set { data: NAME.test, composition: clean, size: 1000 }",
    )
