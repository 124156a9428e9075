"""A loss is bounded, or reported, by a bare number.

What it finds
-------------
A bound without a unit on the loss of a metric that is a share: `loss(top1) <= 1`. And a reported loss without one, of such
a metric or of a score that nobody defines, where the scores beside it do not tell what it is.

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

from qspec.checks.arithmetic import central, is_proportion, metric_of, pair_of
from qspec.checks.rule import Finding, Visit, rule
from qspec.checks.view import AssertionView, ClaimView, FigureView
from qspec.lang.diagnostic import Edit, Fix, Severity
from qspec.lang.source import Span
from qspec.model.measurand import MeasurandKind

_FRACTIONS = frozenset({"ndcg@k", "mrr", "mrr@k", "auc", "average-precision"})
"""Metrics whose values are printed as fractions, so that a small bare number means what it is read as."""


@rule(
    "QS222",
    "loss-without-unit",
    severity=Severity.WARNING,
    visits=Visit.CLAIM,
    axes=("metric",),
    fix="unsafe",
)
def loss_without_unit(claim: ClaimView) -> Iterator[Finding]:
    """One what?"""
    for said in claim.assertions:
        yield from _bounded(said)
    for figure in claim.figures:
        yield from _reported(figure)


def _reported(view: FigureView) -> Iterator[Finding]:
    """A bare loss of a share, or of a score that nobody defines, which the scores beside it do not explain."""
    printed, metric = central(view.figure.loss), metric_of(view.measurand.metric)
    if view.measurand.kind is not MeasurandKind.METRIC or printed is None or printed.unit is not None:
        return
    if printed.value == 0 or not (metric is None or is_proportion(metric)) or pair_of(view) is not None:
        return
    if abs(printed.value) < 1 and not _on_hundred(view):
        return  # a fraction, as the scores beside it or the smallness of the number say
    yield Finding(
        f"`{printed}` of `{view.figure.quantity}` is said to be lost, and not in which unit.",
        view.origin.at("loss"),
        help="write `pp` or `% of baseline` if the source says which, and give both scores if it has them",
    )


def _on_hundred(view: FigureView) -> bool:
    """Whether a score beside the loss stands on a scale to 100."""
    scores = (central(view.figure.baseline), central(view.figure.quantized))
    return any(score is not None and (score.unit == "%" or abs(score.value) > 1) for score in scores)


def _bounded(view: AssertionView) -> Iterator[Finding]:
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
