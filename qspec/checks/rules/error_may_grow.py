"""A share of a high score is kept, and the error may grow by half or more.

What it finds
-------------
A bound relative to the baseline on a score whose reported baseline is so high that keeping the bound lets the error, one
minus the score, grow by a tenth or more: a note, and a warning from one half.

Why it matters
--------------
99 % of 99.5 % sounds like nothing lost, and allows three errors where there was one. Whoever uses the model counts errors.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 99.5 % } }
      top1 >= 99 % of baseline
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { baseline: 99.5 % } }
      loss(top1) <= 0.05 pp
    }

References:
----------
Published claims, pattern 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import (
    central,
    figures_about,
    is_proportion,
    metric_of,
    number,
    percent,
    rounding,
    score_factor,
)
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Severity
from qspec.metrics.definition import Direction
from qspec.model.measurand import MeasurandKind
from qspec.model.unit import Dimension

_NOTED, _WARNED = Decimal("0.1"), Decimal("0.5")


@rule("QS321", "error-may-grow", severity=Severity.NOTE, visits=Visit.ASSERTION, axes=("metric",))
def error_may_grow(view: AssertionView) -> Iterator[Finding]:
    """Few errors, many more."""
    metric = metric_of(view.measurand.metric)
    if not is_proportion(metric) or metric is None or metric.direction is Direction.LOWER:
        return
    given_up = _given_up(view)
    if given_up is None:
        return
    for figure in figures_about(view):
        printed = central(figure.figure.baseline)
        if printed is None:
            continue
        baseline = rounding(printed, score_factor(printed, metric, abs(printed.value) > 1)).middle
        if not 0 < baseline < 1:
            continue
        error, lost = 1 - baseline, given_up * baseline
        growth = lost / error
        if growth >= _NOTED:
            yield Finding(
                f"`{view.assertion}` lets the error grow by {number(growth * 100, 0)} %, "
                f"from {percent(error)} % to {percent(error + lost)} %.",
                view.origin,
                help="bound the loss in points, or in `% of error`",
                severity=Severity.WARNING if growth >= _WARNED else None,
            )
            return


def _given_up(view: AssertionView) -> Decimal | None:
    """The share of the baseline that the assertion gives up, when it speaks of shares of the baseline."""
    bound = view.assertion.bounds[0]
    unit = bound.quantity.dimension
    if len(view.assertion.bounds) != 1:
        return None
    if view.measurand.kind is MeasurandKind.LOSS and unit is Dimension.OF_BASELINE and bound.is_upper:
        return bound.quantity.base
    kept = unit in {Dimension.OF_BASELINE, Dimension.TIMES_BASELINE} and bound.relation in {">", ">="}
    return 1 - bound.quantity.base if view.measurand.kind is MeasurandKind.METRIC and kept else None
