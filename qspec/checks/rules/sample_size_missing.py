"""The claim does not say on how many examples it rests.

What it finds
-------------
A claim that gives neither the size of its test set, nor the number of examples behind a figure, nor an interval; or that
gives figures for strata without their number of examples.

Why it matters
--------------
Whether one point of loss is an effect or noise depends on the number of examples alone: it is plain on fifty thousand
images and undecidable on two hundred.

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
        test-set { data: "ILSVRC 2012", split: val, size: 50000 }
      }
      loss(top1) <= 1 pp
    }

References:
----------
The axis `sample_size` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule(
    "QS109",
    "sample-size-missing",
    severity=Severity.WARNING,
    visits=Visit.CLAIM,
    axes=("sample_size",),
    gap=True,
)
def sample_size_missing(claim: ClaimView) -> Iterator[Finding]:
    """A loss measured on an unknown number of examples."""
    yield from gap(
        claim,
        "sample_size",
        asks="how many examples, and how many in each stratum?",
        template="test-set { data: NAME.test, size: 1000 }",
    )
