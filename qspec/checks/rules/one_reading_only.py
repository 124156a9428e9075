"""The claim holds under one reading of per cent and fails under the other.

What it finds
-------------
A bound on a loss with a bare `%`, where the reported scores keep the bound in points and break it as per cent of the
baseline, or the reverse.

Why it matters
--------------
From 82.20 to 81.21 the loss is 0.99 points and 1.20 per cent of the baseline: "under 1 %" is true or false by a choice
that the claim does not make.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 82.20 %, quantized: 81.21 % } }
      loss(top1) < 1 %
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 82.20 %, quantized: 81.21 % } }
      loss(top1) < 1 pp
    }

References:
----------
Published claims, pattern 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import difference
from qspec.checks.bounds import judged
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.rules.percent_or_points import readings
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity


@rule(
    "QS302",
    "one-reading-only",
    severity=Severity.ERROR,
    visits=Visit.ASSERTION,
    axes=("metric",),
    fix="unsafe",
)
def one_reading_only(view: AssertionView) -> Iterator[Finding]:
    """True in one unit and false in the other."""
    for number, bound, pair, outcomes in judged(view):
        if bound.quantity.unit == "%" and {True, False} <= set(outcomes.values()):
            held, broken = (
                ("percentage points", "per cent of the baseline")
                if outcomes["points"]
                else ("per cent of the baseline", "percentage points")
            )
            origin = view.origin.at("bounds", number)
            yield Finding(
                f"From {pair.texts[0]} to {pair.texts[1]} the loss is {difference(pair)}, so `{bound}` holds in {held}"
                f" and fails in {broken}.",
                origin,
                help=f"write `{bound.quantity.text} pp` or `{bound.quantity.text} % of baseline`",
                fixes=readings(bound.quantity, origin),
            )
