"""A latency is bounded, and nothing says which latency.

What it finds
-------------
A bound on `latency` without a percentile or `mean`.

Why it matters
--------------
The mean hides the tail: a model whose median halves may still miss its deadline once in a hundred calls.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency <= 25 ms
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
      latency(p99) <= 25 ms
    }

References:
----------
Assertions in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS223", "latency-without-statistic", severity=Severity.WARNING, visits=Visit.ASSERTION, axes=("pair",))
def latency_without_statistic(view: AssertionView) -> Iterator[Finding]:
    """Which of the calls?"""
    if view.measurand.kind is MeasurandKind.LATENCY and view.measurand.statistic is None:
        yield Finding(
            f"`{view.assertion}` does not say which latency.",
            view.origin,
            help="write `latency(p99)`, `latency(p50)` or `latency(mean)`",
            at_key=True,
        )
