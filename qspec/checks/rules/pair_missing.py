"""The claim gives accuracy without speed, or speed without accuracy.

What it finds
-------------
A claim that speaks of a loss and of no throughput or latency, or the other way round. What is simulated has no speed,
and is not asked for one.

Why it matters
--------------
Quantization is a trade. Half of it is no result: the accuracy of the fast setting and the speed of the accurate one are
routinely quoted side by side, and need not belong to one model on one workload.

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
      }
      loss(top1) <= 1 pp
      throughput >= 1.5 x baseline
    }

References:
----------
The axis `pair` in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.gaps import gap
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity


@rule("QS111", "pair-missing", severity=Severity.WARNING, visits=Visit.CLAIM, axes=("pair",), gap=True)
def pair_missing(claim: ClaimView) -> Iterator[Finding]:
    """One half of a trade."""
    yield from gap(claim, "pair", asks="which speed belongs to this accuracy, on the same workload?")
