"""One score looks like a fraction and the other like per cent.

What it finds
-------------
Two bare scores of which one is at most 1 and the other above 1, or two in per cent of which one is about a hundredth of
the other, where a factor of a hundred brings them together.

Why it matters
--------------
0.761 and 75.9 are nearly the same score, or a collapse to nothing, and a program that computes their difference takes the
latter.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 0.761, quantized: 75.9 } }
      loss(top1) <= 1 pp
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 76.1 %, quantized: 75.9 % } }
      loss(top1) <= 1 pp
    }

References:
----------
Published claims, pattern 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import central, is_share, metric_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import FigureView
from qspec.lang.diagnostic import Severity
from qspec.model.measurand import MeasurandKind


@rule("QS310", "scales-mixed", severity=Severity.WARNING, visits=Visit.FIGURE, axes=("metric",))
def scales_mixed(view: FigureView) -> Iterator[Finding]:
    """A fraction beside per cent."""
    first, second = central(view.figure.baseline), central(view.figure.quantized)
    if view.measurand.kind is not MeasurandKind.METRIC or not is_share(metric_of(view.measurand.metric)):
        return
    if first is None or second is None or first.unit != second.unit or first.unit not in {None, "%"}:
        return
    low, high = sorted((abs(first.value), abs(second.value)))
    if low == 0 or (first.unit is None and not low <= 1 < high):
        return
    margin = Decimal(2) if first.unit is None else Decimal("1.1")
    if 1 / margin <= high / (100 * low) <= margin:
        yield Finding(
            f"Of {first} and {second} one looks like a fraction and the other like per cent.",
            view.origin,
            help="write both in per cent",
        )
