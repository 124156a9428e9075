"""A score lies outside of what its metric can be.

What it finds
-------------
A reported or claimed value above the greatest or below the least value of its metric: 120 % of top-1, a perplexity below
one.

Why it matters
--------------
It is a misprint, or a number of something else.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      reported { top1 { quantized: 759 % } }
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
The metrics' ranges in the metric reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from qspec.checks.arithmetic import central, metric_of, rounding, score_factor
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import ClaimView
from qspec.lang.diagnostic import Severity
from qspec.lang.resolve import Origin
from qspec.metrics.definition import Metric
from qspec.model.measurand import MeasurandKind
from qspec.model.quantity import Quantity
from qspec.model.unit import Dimension

_SCORES = (Dimension.SHARE, Dimension.NUMBER, Dimension.PERPLEXITY, Dimension.DECIBEL)


@rule("QS309", "value-out-of-range", severity=Severity.ERROR, visits=Visit.CLAIM, axes=("metric",))
def value_out_of_range(claim: ClaimView) -> Iterator[Finding]:
    """A value that cannot be."""
    for view in claim.figures:
        metric = metric_of(view.measurand.metric)
        for key in ("value", "baseline", "quantized"):
            printed = central(getattr(view.figure, key))
            if printed is not None and metric is not None and view.measurand.kind is MeasurandKind.METRIC:
                yield from _outside(printed, metric, view.origin.at(key))
    for said in claim.assertions:
        metric = metric_of(said.measurand.metric)
        if metric is not None and said.measurand.kind is MeasurandKind.METRIC:
            for number, bound in enumerate(said.assertion.bounds):
                yield from _outside(bound.quantity, metric, said.origin.at("bounds", number))


def _outside(printed: Quantity, metric: Metric, origin: Origin) -> Iterator[Finding]:
    if printed.dimension not in _SCORES:
        return
    value = rounding(printed, score_factor(printed, metric, abs(printed.value) > 1))
    low, high = Decimal(str(metric.low)), Decimal(str(metric.high))
    if value.low > high or value.high < low:
        limits = (
            f"from {metric.low:g} to {metric.high:g}" if high.is_finite() else f"of {metric.low:g} or more"
        )
        yield Finding(
            f"`{printed}` is no value that {metric.name} can have, which is {limits}.",
            origin,
            help="correct the number, or name the metric that it is a value of",
        )
