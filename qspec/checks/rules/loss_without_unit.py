"""A loss is bounded by a bare number.

What it finds
-------------
A bound without a unit on the loss of a metric that is a share: `loss(top1) <= 1`.

Why it matters
--------------
It is read as a fraction, so that 1 allows the loss of everything; what was meant may have been a point, or a per cent of
the baseline.

Example:
-------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1
    }

Use instead
-----------
    qspec 1
    claim brochure {
      executor { task: image-classification, metrics: [top1], baseline: fp32 }
      loss(top1) <= 1 pp
    }

References:
----------
The kinds of loss in the language reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from qspec.checks.arithmetic import is_proportion, metric_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView
from qspec.lang.diagnostic import Edit, Fix, Severity
from qspec.lang.source import Span
from qspec.model.measurand import MeasurandKind

_FRACTIONS = frozenset({"ndcg@k", "mrr", "mrr@k", "auc", "average-precision"})
"""Metrics whose values are printed as fractions, so that a small bare number means what it is read as."""


@rule(
    "QS222",
    "loss-without-unit",
    severity=Severity.WARNING,
    visits=Visit.ASSERTION,
    axes=("metric",),
    fix="unsafe",
)
def loss_without_unit(view: AssertionView) -> Iterator[Finding]:
    """One what?"""
    metric = metric_of(view.measurand.metric)
    if view.measurand.kind is not MeasurandKind.LOSS or metric is None or not is_proportion(metric):
        return
    for index, bound in enumerate(view.assertion.bounds):
        if metric.name in _FRACTIONS and abs(bound.quantity.value) < 1:
            continue
        if bound.quantity.unit is None and bound.quantity.value != 0:
            origin = view.origin.at("bounds", index)
            end = Span(origin.span.end, origin.span.end)
            yield Finding(
                f"`{bound.quantity.text}` of loss has no unit, and would be read as a fraction.",
                origin,
                help=f"write `{bound.quantity.text} pp` or `{bound.quantity.text} % of baseline`",
                fixes=(
                    Fix("Read it as percentage points", (Edit(end, " pp"),)),
                    Fix("Read it as per cent of the baseline", (Edit(end, " % of baseline"),)),
                ),
            )
